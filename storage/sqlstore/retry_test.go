package sqlstore

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"parley/storage"
)

// silent is a database that has stopped answering, after it has refused some
// transactions.
type silent struct {
	Engine
	refuses int
}

var errRefused = errors.New("refused")

func (s *silent) Begin(ctx context.Context) (Tx, error) {
	if s.refuses--; s.refuses >= 0 {
		return nil, errRefused
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func (*silent) Retryable(err error) bool { return !errors.Is(err, errRefused) }
func (*silent) Explain(err error) error  { return err }
func (*silent) Table([]Column) string    { return "" }
func (*silent) Close() error             { return nil }

// Every write has its own time, also behind others in the queue and with others
// in a batch that was split.
func TestOwnTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ batch, refuses int }{
		"behind others": {batch: 1},
		"split":         {batch: 5, refuses: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := New(&silent{refuses: c.refuses}, Options{})
				LimitBatch(s, 0) // until all are there
				begun := time.Now()
				var writes []storage.Pending
				for range 5 {
					writes = append(writes, s.AppendMessage(t.Context(), storage.Message{Account: "a"}, storage.Append{}))
				}
				LimitBatch(s, c.batch)
				s.commits.signal()
				for i, w := range writes {
					if err := storage.Wait(t.Context(), w); err == nil || time.Since(begun) > retryFor+attemptTimeout {
						t.Errorf("write %d: %v after %s", i, err, time.Since(begun))
					}
				}
				if n := Queued(s); n != 0 {
					t.Errorf("%d places are taken", n)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A unit is given up as a whole, however long that takes: what is left of it
// would be written without the rest.
func TestGiveUpUnits(t *testing.T) {
	t.Parallel()
	c := &committer{engine: &silent{}, log: slog.New(slog.DiscardHandler), counters: newCounters(), ctx: t.Context()}
	batch := make([]*op, DefaultBatch)
	for i := range batch {
		batch[i] = &op{unit: 1}
	}
	for range 1000 {
		queued := time.Now().Add(20*time.Microsecond - retryFor) // its time ends about now
		for i := range batch {
			batch[i].queued = queued
		}
		if left := len(c.giveUp(batch, errors.New("away"))); left > 0 && left < len(batch) {
			t.Fatalf("%d of %d are left", left, len(batch))
		}
	}
}
