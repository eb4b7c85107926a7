package sqlstore

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parley/storage"
)

// Store is the server's storage on one engine. It is safe for concurrent use.
type Store struct {
	engine  Engine
	commits *committer
	ids     *messageIDs
	closing sync.Once
	closed  error // result of closing, valid once it is over
}

// Options of a store; each may be left zero.
type Options struct {
	Logger *slog.Logger // nil: discards
	// Queue is how many writes wait at most, Batch how many of them share a
	// transaction.
	Queue, Batch int
}

// New makes a store of an engine, which it owns from then on. It does not
// migrate.
func New(engine Engine, opts Options) *Store {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Queue <= 0 {
		opts.Queue = DefaultQueue
	}
	if opts.Batch <= 0 {
		opts.Batch = DefaultBatch
	}
	ids := newMessageIDs()
	return &Store{engine: engine, commits: newCommitter(engine, opts, ids.slot()), ids: ids}
}

// Dialect names the engine, "postgres" or "sqlite".
func (s *Store) Dialect() string { return s.engine.Dialect() }

// Ping asks the database for an answer.
func (s *Store) Ping(ctx context.Context) error {
	err := s.engine.Query(ctx, func(scan Scan) error { return scan(new(int64)) }, `SELECT 1`)
	return s.wrap("ping", err)
}

// Close makes the queued writes, refuses new ones with storage.ErrClosed and
// closes the database. It may be called more than once.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.commits.close()
		s.closed = s.wrap("close", s.engine.Close())
	})
	return s.closed
}

// Hurry is for a server that has to end: from now on nothing waits for a
// database that is away. Writes are still made where that works at once.
func (s *Store) Hurry() { s.commits.hurry() }

// do makes a write that is a function and waits for it. See committer.do.
func (s *Store) do(ctx context.Context, name, key string, run func(ctx context.Context, tx Tx) error) error {
	return s.commits.do(ctx, &op{name: name, key: key, run: run})
}

// submit queues a write that is a list of statements. ctx bounds only the wait
// for room in the queue: once queued, a write is made even when ctx ends.
func (s *Store) submit(ctx context.Context, name, key string, judge func(affected []int64) error, statements ...Statement) storage.Pending {
	return s.commits.submit(ctx, &op{name: name, key: key, plan: plan{statements, judge}})
}

// wrap adds what was tried to an error of a read, and storage.ErrUnavailable if it
// may go by.
func (s *Store) wrap(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case s.engine.Retryable(err):
		return fmt.Errorf("sqlstore: %s: %w: %w", what, storage.ErrUnavailable, s.engine.Explain(err))
	}
	return fmt.Errorf("sqlstore: %s: %w", what, s.engine.Explain(err))
}

// Times are stored as microseconds since 1970, the zero time as 0.

func fromTime(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func toTime(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Empty byte strings are stored as such, never as NULL, and read back as nil.

func fromBytes(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func toBytes(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// found is the judge and result of statements that touch the account's row.
func found(affected int64) error {
	if affected == 0 {
		return storage.ErrNotFound
	}
	return nil
}

// lockAccount takes the account's row for this transaction. The account row is
// the lock of all that the account owns.
const lockAccount = `SELECT 1 FROM accounts WHERE jid = $1 FOR UPDATE`
