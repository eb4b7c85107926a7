package sqlstore

import (
	"context"
	"errors"

	"parley/storage"
)

// errWithheld is the outcome of a stream that was not to be written.
var errWithheld = errors.New("the stream is not to be written now")

// join makes the write a part of the unit, or submits it if there is none.
func (s *Store) join(ctx context.Context, u *storage.Unit, o *op) storage.Pending {
	if u == nil {
		return s.commits.submit(ctx, o)
	}
	u.Join(o)
	return o
}

// Submit hands over the writes that have joined u, to be made in one
// transaction. With last, that also writes the stream which last returns when the
// transaction runs: a number that covers these writes and those submitted before.
// If last returns false, or did for an earlier number of that stream in the same
// transaction, or one of the writes of u fails by itself, the handle of the stream
// fails; what Submit returns is that handle, or nil. ctx bounds only the wait for
// room in the queue.
func (s *Store) Submit(ctx context.Context, u *storage.Unit, last func() (storage.Stream, bool)) storage.Pending {
	joined := u.Take()
	if len(joined) == 0 {
		return nil
	}
	ops := make([]*op, 0, len(joined)+1)
	for _, p := range joined {
		ops = append(ops, p.(*op))
	}
	clear(joined)
	if last == nil {
		s.commits.submit(ctx, ops...)
		return nil
	}
	o := &op{name: "save stream", key: afterAccounts, ride: last}
	s.commits.submit(ctx, append(ops, o)...)
	return o
}

// board asks what the ops that ride with others are to write in this attempt. Once
// a number is withheld, so are those after it: tooFar looks at what is written
// only, and they count what may fail in this attempt.
func board(ops []*op) {
	withheld := map[string]bool{}
	for _, o := range ops {
		if o.ride == nil {
			continue
		}
		stream, ok := o.ride()
		if o.stream = nil; ok && !withheld[stream.ID] {
			o.stream = &stream
		} else {
			withheld[stream.ID] = true
		}
	}
}

// alight takes back what rode with writes that failed by themselves, and gives
// all that was not written its outcome.
func (b bulk) alight(ctx context.Context, tx Tx, ops []*op, results []error) error {
	back := tooFar(ops, failedUnits(ops, results))
	for i, o := range ops {
		if o.ride != nil && o.stream == nil {
			results[i] = errWithheld
		}
	}
	s := back.statement(b.saveStreams)
	if s.SQL == "" {
		return nil
	}
	_, err := tx.Batch(ctx, []Statement{s})
	return err
}

// failedUnits returns the units of which a write failed by itself.
func failedUnits(ops []*op, results []error) (failed map[uint64]bool) {
	for i, o := range ops {
		if results[i] != nil {
			if failed == nil {
				failed = map[uint64]bool{}
			}
			failed[o.unit] = true
		}
	}
	return failed
}

// tooFar returns the streams whose numbers cover what is not stored, with the
// last number that does not. What came later in such a stream is withheld too.
func tooFar(ops []*op, failed map[uint64]bool) (back streamTable) {
	if len(failed) == 0 {
		return back
	}
	for _, o := range ops {
		if o.ride == nil || o.stream == nil || !failed[o.unit] && !back.has(o.stream.ID) {
			continue
		}
		if !back.has(o.stream.ID) {
			before := *o.stream
			before.Handled--
			back.add(&before)
		}
		o.stream = nil
	}
	return back
}
