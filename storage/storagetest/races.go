package storagetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"parley/storage"
	"parley/storage/sqlstore"
)

func isQuota(err error) bool { return errors.Is(err, storage.ErrQuota) }

// fill appends n messages to an account.
func fill(t *testing.T, h *harness, s *sqlstore.Store, account string, n int) {
	t.Helper()
	var pending []storage.Pending
	for i := range n {
		pending = append(pending, s.AppendMessage(h.ctx, received(s, account, i), waits))
	}
	for _, p := range pending {
		h.wait(t, p)
	}
}

func testSecrets(t *testing.T, h *harness) {
	stores := []*sqlstore.Store{h.store(t), h.store(t)} // two nodes
	const racers = 20
	values := make([]string, racers)
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			value, err := stores[i%2].Secret(h.ctx, "fake-salt", 32)
			if err != nil {
				t.Error(err)
			}
			values[i] = string(value)
		})
	}
	wg.Wait()
	equal(t, "size", len(values[0]), 32)
	for _, v := range values {
		equal(t, "secret", v, values[0])
	}
	other, err := stores[0].Secret(h.ctx, "another", 32)
	must(t, err)
	if string(other) == values[0] {
		t.Error("two secrets are equal")
	}
	if _, err := stores[0].Secret(h.ctx, "another", 16); err == nil {
		t.Error("a secret changed its size")
	}
}

func testInvites(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	other := h.store(t) // a second node
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	invite := storage.Invite{Token: "t1", Creator: "alice@localhost", Created: now, Expires: now.Add(time.Hour)}
	must(t, s.CreateInvite(h.ctx, invite))
	wantErr(t, s.CreateInvite(h.ctx, invite), storage.ErrConflict)
	_, err := s.UseInvite(h.ctx, "unknown", now)
	wantErr(t, err, storage.ErrNotFound)
	_, err = s.UseInvite(h.ctx, "t1", invite.Expires)
	wantErr(t, err, storage.ErrNotFound)
	_, err = s.Invite(h.ctx, "t1", invite.Expires)
	wantErr(t, err, storage.ErrNotFound)
	if seen, err := other.Invite(h.ctx, "t1", now); err != nil || seen != invite {
		t.Fatalf("looked at %+v, %v, want %+v", seen, err, invite)
	}

	const racers = 20
	var mu sync.Mutex
	var used []storage.Invite
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			node := s
			if i%2 == 0 {
				node = other
			}
			got, err := node.UseInvite(h.ctx, "t1", now)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				used = append(used, got)
			} else if !errors.Is(err, storage.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(used) != 1 || used[0] != invite {
		t.Fatalf("used %+v, want once %+v", used, invite)
	}
	_, err = s.Invite(h.ctx, "t1", now)
	wantErr(t, err, storage.ErrNotFound)
	must(t, s.CreateInvite(h.ctx, storage.Invite{Token: "forever", Created: now}))
	must(t, s.CreateInvite(h.ctx, storage.Invite{Token: "later", Created: now.AddDate(9, 0, 0)})) // sweeps
	_, err = s.UseInvite(h.ctx, "forever", now.AddDate(10, 0, 0))
	must(t, err)
}
