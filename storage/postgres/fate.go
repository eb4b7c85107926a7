package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/storage/sqlstore"
)

const (
	// fateFor is how long to ask for the fate of a transaction. It is longer
	// than idleTimeout, after which the server has ended one of which it never
	// got to see the COMMIT.
	fateFor   = 20 * time.Second
	fatePause = 100 * time.Millisecond
	// idleTimeout ends a transaction on the server when nothing comes any more.
	idleTimeout = "10s"
	// markAge is after what time the mark of a program that crashed is removed.
	markAge = 24 * time.Hour
)

var (
	// errRolledBack is retried: nothing of the transaction is in the database.
	errRolledBack = errors.New("the connection was lost while committing; the transaction was rolled back")
	// errUndecided is not: the transaction may be in the database.
	errUndecided = errors.New("the connection was lost while committing and the outcome is unknown")
)

// queueMark makes a transaction leave its number in the database. There is one
// writer per engine, so the numbers grow in the order of the commits.
//
// Postgres' own transaction ids do not serve: after a crash they are given out
// again.
func (e *engine) queueMark(b *pgx.Batch) (number int64) {
	e.batches++
	now := time.Now()
	if e.batches == 1 {
		b.Queue(`DELETE FROM commit_marks WHERE written < $1`, now.Add(-markAge).UnixMicro())
	}
	b.Queue(`INSERT INTO commit_marks (node, batch, written) VALUES ($1, $2, $3)
		ON CONFLICT (node) DO UPDATE SET batch = excluded.batch, written = excluded.written`,
		e.node, e.batches, now.UnixMicro())
	return e.batches
}

// fate finds out what became of a transaction whose COMMIT got no answer.
// Without this a write could be repeated that has happened, and a message be
// stored twice.
func (e *engine) fate(ctx context.Context, number int64, cause error) error {
	if number == 0 {
		return fmt.Errorf("%w: %w", errUndecided, cause)
	}
	// The attempt's own time may be what has run out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fateFor)
	defer cancel()
	for {
		last, err := e.lastMark(ctx)
		switch {
		case err == nil && last >= number:
			return nil
		case err == nil:
			return fmt.Errorf("%w: %w", errRolledBack, cause)
		case !e.Retryable(err):
			return fmt.Errorf("%w: %w", errUndecided, cause)
		}
		select {
		case <-time.After(fatePause):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errUndecided, cause)
		}
	}
}

// lastMark waits for the transaction in question to end, since that holds the
// row (or the place in the index where it will be), and returns the number of
// the last one that was committed.
func (e *engine) lastMark(ctx context.Context) (number int64, err error) {
	err = e.Query(ctx, func(scan sqlstore.Scan) error { return scan(&number) },
		`INSERT INTO commit_marks (node, batch, written) VALUES ($1, 0, $2)
			ON CONFLICT (node) DO UPDATE SET written = excluded.written RETURNING batch`,
		e.node, time.Now().UnixMicro())
	return number, err
}

// removeMark is for an orderly end; what it leaves is removed by age.
func (e *engine) removeMark() {
	if e.batches == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	_, _ = e.pool.Exec(ctx, `DELETE FROM commit_marks WHERE node = $1`, e.node)
}
