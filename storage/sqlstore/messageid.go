package sqlstore

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"parley/internal/failpoint"
	"parley/storage"
)

// messageIDs gives out message ids: made of the time, each above all before it.
type messageIDs struct {
	last atomic.Int64
	// node stands in the low bits, so that two nodes seldom meet; the database
	// refuses an id that an account has already.
	node int64
}

func newMessageIDs() *messageIDs {
	return &messageIDs{node: rand.Int64N(storage.MessageID(time.UnixMicro(1)))}
}

func (ids *messageIDs) next(now time.Time) int64 {
	for {
		last := ids.last.Load()
		id := max(last+1, storage.MessageID(now)|ids.node)
		if ids.last.CompareAndSwap(last, id) {
			return id
		}
	}
}

// raise makes the next id be above last.
func (ids *messageIDs) raise(last int64) {
	for {
		have := ids.last.Load()
		if have >= last || ids.last.CompareAndSwap(have, last) {
			return
		}
	}
}

// NewMessageID returns the id of the next message, above all that were given
// out before and all that were stored before the store was opened and migrated,
// whatever the clock says.
func (s *Store) NewMessageID() int64 { return s.ids.next(failpoint.Now()) }

// loadMessageID reads the highest id stored.
func (s *Store) loadMessageID(ctx context.Context) error {
	return s.engine.Query(ctx, func(scan Scan) error {
		var last int64
		err := scan(&last)
		s.ids.raise(last)
		return err
	}, `SELECT last FROM message_ids`)
}

// keepMessageID remembers the highest id of a batch in its transaction.
func keepMessageID(id int64) Statement {
	return Statement{SQL: `UPDATE message_ids SET last = $1 WHERE one AND last < $1`, Args: []any{id}}
}
