package storagetest

import (
	"testing"
	"time"

	"parley/storage"
	"parley/storage/sqlstore"
)

// covering returns what a session says when its number may go along.
func covering(number uint32, may bool) func() (storage.Stream, bool) {
	return func() (storage.Stream, bool) {
		return storage.Stream{ID: "a", Account: alice, Handled: number, Seen: time.Unix(1, 0).UTC()}, may
	}
}

// unit makes the writes of one stanza, from alice to an account.
func (h *harness) unit(s *sqlstore.Store, n int, to string) (*storage.Unit, []storage.Pending) {
	u := &storage.Unit{}
	return u, []storage.Pending{
		s.AppendMessage(h.ctx, received(s, alice, n), storage.Append{Unit: u}),
		s.AppendMessage(h.ctx, received(s, to, n), storage.Append{Unit: u, Undelivered: true}),
	}
}

func (h *harness) handled(t *testing.T, s *sqlstore.Store, want uint32) {
	t.Helper()
	stream, err := s.Stream(h.ctx, "a")
	must(t, err)
	equal(t, "handled", stream.Handled, want)
}

// Nothing of a unit is written before Submit, and all of it in one transaction,
// however small the batches are.
func testUnits(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	sqlstore.LimitBatch(s, 1)
	release := h.hold(t, s)
	before := s.Stats()
	first, writes := h.unit(s, 0, bob)
	second, more := h.unit(s, 1, bob)
	equal(t, "queued before", s.Stats().Queued, 0)
	writes = append(append(writes, more...), s.Submit(h.ctx, first, covering(1, true)), s.Submit(h.ctx, second, covering(2, true)))
	equal(t, "left of the unit", first.Len(), 0)
	release()
	for _, p := range writes {
		h.wait(t, p)
	}
	after := s.Stats().Since(before)
	equal(t, "transactions", after.Batches.Count(), uint64(3)) // and the one that was held
	equal(t, "bob's", len(h.undelivered(t, s, bob)), 2)
	h.handled(t, s, 2)
	if p := s.Submit(h.ctx, first, covering(3, true)); p != nil {
		t.Error("an empty unit was submitted")
	}
	h.handled(t, s, 2)
}

// A number never covers what is not stored: that of a stanza of which a write
// fails, and those after it in the same transaction, stay unwritten.
func testUnitFails(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	release := h.hold(t, s)
	var streams, good, bad []storage.Pending
	for i, to := range []string{bob, bob, nobody, bob} {
		u, writes := h.unit(s, i, to)
		streams = append(streams, s.Submit(h.ctx, u, covering(uint32(i+1), true)))
		if to == nobody {
			good, bad = append(good, writes[0]), writes[1:]
			continue
		}
		good = append(good, writes...)
	}
	release()
	for _, p := range append(good, streams[:2]...) {
		h.wait(t, p)
	}
	wantErr(t, storage.Wait(h.ctx, bad[0]), storage.ErrNotFound)
	for _, p := range streams[2:] {
		if storage.Wait(h.ctx, p) == nil {
			t.Error("a number that covers what is not stored was written")
		}
	}
	h.handled(t, s, 2)
	u, _ := h.unit(s, 9, bob)
	h.wait(t, s.Submit(h.ctx, u, covering(5, true)))
	h.handled(t, s, 5)
}

// When a number may not go along, none after it may in that transaction, even if
// what it waited for is over by then: what it counts may fail in there.
func testNumberWithheld(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	release := h.hold(t, s)
	first, bad := h.unit(s, 0, nobody)
	second, good := h.unit(s, 1, bob)
	streams := []storage.Pending{s.Submit(h.ctx, first, covering(1, false)), s.Submit(h.ctx, second, covering(2, true))}
	release()
	h.wait(t, bad[0])
	wantErr(t, storage.Wait(h.ctx, bad[1]), storage.ErrNotFound)
	for _, p := range good {
		h.wait(t, p)
	}
	for _, p := range streams {
		if storage.Wait(h.ctx, p) == nil {
			t.Error("a number that covers what is not stored was written")
		}
	}
	_, err := s.Stream(h.ctx, "a")
	wantErr(t, err, storage.ErrNotFound)
}

// What spoils the transaction of a unit takes the whole unit with it, and harms
// no neighbour; a number that may not go along does not.
func testUnitSpoilt(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	release := h.hold(t, s)
	first, good := h.unit(s, 0, bob)
	twice := received(s, alice, 7)
	spoilt := &storage.Unit{}
	bad := []storage.Pending{
		s.AppendMessage(h.ctx, twice, storage.Append{Unit: spoilt}),
		s.AppendMessage(h.ctx, received(s, bob, 7), storage.Append{Unit: spoilt, Undelivered: true}),
		s.AppendMessage(h.ctx, twice, storage.Append{Unit: spoilt}),
	}
	last, more := h.unit(s, 1, bob)
	good = append(good, s.Submit(h.ctx, first, covering(1, true)))
	bad = append(bad, s.Submit(h.ctx, spoilt, covering(2, true)), s.Submit(h.ctx, last, covering(3, false)))
	release()
	for _, p := range append(good, more...) {
		h.wait(t, p)
	}
	for _, p := range bad {
		if storage.Wait(h.ctx, p) == nil {
			t.Error("a part of a spoilt unit was written")
		}
	}
	equal(t, "bob's", len(h.undelivered(t, s, bob)), 2)
	h.handled(t, s, 1)
}
