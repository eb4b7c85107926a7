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
	// #nosec G404 -- it keeps nodes apart and nobody out: clients never see these ids
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
	}, `SELECT COALESCE(MAX(last), 0) FROM message_ids`)
}

// idSlots is how many programs can keep their highest id apart from each other.
const idSlots = 64

func (ids *messageIDs) slot() int64 { return ids.node % idSlots }

// keepMessageID remembers the highest id of a batch in its transaction.
func keepMessageID(slot, id int64) Statement {
	return Statement{SQL: `INSERT INTO message_ids (slot, last) VALUES ($1, $2)
		ON CONFLICT (slot) DO UPDATE SET last = excluded.last WHERE message_ids.last < excluded.last`,
		Args: []any{slot, id}}
}
