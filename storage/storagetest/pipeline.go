package storagetest

import (
	"slices"
	"sync"
	"testing"

	"parley/storage"
	"parley/storage/sqlstore"
)

// A batch that cannot be made as a whole is made write by write, in the order in
// which they came.
func testSplitOrder(t *testing.T, h *harness) {
	s := h.store(t, alice, bob, carol)
	twice := received(s, carol, 0)
	h.append(t, s, storage.Append{}, twice)
	release := h.hold(t, s)
	var order []int
	var pending []storage.Pending
	for i, account := range []string{carol, bob, alice, bob, carol, alice} {
		m := received(s, account, i)
		if i == 4 {
			m = twice
		}
		p := s.AppendMessage(h.ctx, m, storage.Append{})
		p.Then(func() { order = append(order, i) })
		pending = append(pending, p)
	}
	release()
	for i, p := range pending {
		if err := storage.Wait(h.ctx, p); (err != nil) != (i == 4) {
			t.Errorf("write %d: %v", i, err)
		}
	}
	must(t, s.DeleteStreams(h.ctx, alice)) // the callbacks are over
	if want := []int{0, 1, 2, 3, 4, 5}; !slices.Equal(order, want) {
		t.Errorf("they were made as %v", order)
	}
}

func testBatchLimit(t *testing.T, h *harness) {
	s := h.store(t, alice)
	const limit = 8
	sqlstore.LimitBatch(s, limit)
	for writes, batches := range map[int]uint64{limit: 1, limit + 1: 2} {
		release := h.hold(t, s)
		before := s.Stats()
		var pending []storage.Pending
		for i := range writes {
			pending = append(pending, s.AppendMessage(h.ctx, received(s, alice, i), storage.Append{}))
		}
		if now := s.Stats(); now.Queued != writes || now.Oldest <= 0 {
			t.Errorf("%d writes queued, the oldest for %v", now.Queued, now.Oldest)
		}
		release()
		for _, p := range pending {
			h.wait(t, p)
		}
		after := s.Stats().Since(before)
		equal(t, "batches", after.Batches.Count(), batches+1) // and the one that was held
		equal(t, "commits", after.Commits.Count(), batches+1)
		equal(t, "writes", int(after.Batches.Sum), writes+1)
		equal(t, "failures", after.Failures, 0)
	}
}

// Then calls back once, whether it was asked before or after, on the goroutine
// that makes the writes; which may settle and save from there even while the
// queue is full.
func testThen(t *testing.T, h *harness) {
	s := h.store(t, alice)
	release := h.hold(t, s)
	m := received(s, alice, 0)
	first := s.AppendMessage(h.ctx, m, waits)
	var mu sync.Mutex
	calls := 0
	var settled, saved storage.Pending
	called := make(chan struct{})
	first.Then(func() {
		settled = s.SettleMessages([]storage.MessageRef{{Account: alice, ID: m.ID}})
		saved = s.SaveStream(storage.Stream{ID: "a", Account: alice})
		close(called)
	})
	count := func() {
		mu.Lock()
		defer mu.Unlock()
		calls++
	}
	first.Then(count)
	var rest []storage.Pending
	for i := range sqlstore.DefaultQueue - 1 {
		rest = append(rest, s.AppendMessage(h.ctx, received(s, alice, i+1), storage.Append{}))
	}
	more := make(chan storage.Pending, 1) // keeps the queue full
	go func() { more <- s.AppendMessage(h.ctx, received(s, alice, -1), storage.Append{}) }()
	release()
	<-called
	h.wait(t, settled)
	h.wait(t, saved)
	for _, p := range append(rest, <-more) {
		h.wait(t, p)
	}
	first.Then(count)
	mu.Lock()
	defer mu.Unlock()
	equal(t, "calls", calls, 2)
	equal(t, "left", len(h.undelivered(t, s, alice)), 0)
}

func testDeletedMessages(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	var list []storage.Message
	for i := range 2500 { // more than go at once
		list = append(list, received(s, alice, i))
	}
	h.append(t, s, waits, list...)
	h.append(t, s, waits, received(s, bob, 0))
	must(t, s.SetArchiveRules(h.ctx, alice, storage.ArchiveRules{Default: "never"}))
	must(t, s.PutToken(h.ctx, storage.Token{Account: alice, Client: "c", Salt: []byte("s")}))
	h.wait(t, s.SaveStream(storage.Stream{ID: "a", Account: alice}))
	must(t, s.DeleteAccount(h.ctx, alice))
	wantErr(t, s.DeleteAccount(h.ctx, alice), storage.ErrNotFound)

	// Whoever takes the name finds nothing.
	must(t, s.CreateAccount(h.ctx, alice, nil))
	n, err := s.CountUndelivered(h.ctx, alice)
	must(t, err)
	equal(t, "undelivered", n, 0)
	equal(t, "archived", h.archiveCount(t, s, alice, storage.ArchiveFilter{}), 0)
	_, err = s.ArchiveRules(h.ctx, alice)
	wantErr(t, err, storage.ErrNotFound)
	tokens, err := s.Tokens(h.ctx, alice, "")
	must(t, err)
	equal(t, "tokens", len(tokens), 0)
	_, err = s.Stream(h.ctx, "a")
	wantErr(t, err, storage.ErrNotFound)
	equal(t, "bob's", len(h.undelivered(t, s, bob)), 1)
}
