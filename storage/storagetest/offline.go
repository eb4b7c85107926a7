package storagetest

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"parley/storage"
)

func testOffline(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost", "bob@localhost")
	for i := range 5 {
		h.wait(t, s.AppendOffline(h.ctx, message("alice@localhost", i), 10))
	}
	h.wait(t, s.AppendOffline(h.ctx, storage.OfflineMessage{Account: "bob@localhost"}, 10))
	wantErr(t, storage.Wait(h.ctx, s.AppendOffline(h.ctx, message("nobody@localhost", 0), 10)), storage.ErrNotFound)

	got, err := s.Offline(h.ctx, "alice@localhost", 0, 3)
	must(t, err)
	equal(t, "first page", len(got), 3)
	rest, err := s.Offline(h.ctx, "alice@localhost", got[2].ID, 3)
	must(t, err)
	equal(t, "second page", len(rest), 2)
	for i, m := range append(got, rest...) {
		want := message("alice@localhost", i)
		want.ID = m.ID
		if !reflect.DeepEqual(m, want) {
			t.Errorf("got %+v, want %+v", m, want)
		}
	}
	n, err := s.CountOffline(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "count", n, 5)
	empty, err := s.Offline(h.ctx, "bob@localhost", 0, 0)
	must(t, err)
	if want := (storage.OfflineMessage{ID: empty[0].ID, Account: "bob@localhost"}); !reflect.DeepEqual(empty[0], want) {
		t.Errorf("got %+v, want %+v", empty[0], want)
	}
	n, err = s.CountOffline(h.ctx, "nobody@localhost")
	must(t, err)
	equal(t, "count of an unknown account", n, 0)
}

func testOfflineQuota(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	const quota, senders = 20, 50
	var mu sync.Mutex
	kept, refused := 0, 0
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			err := storage.Wait(h.ctx, s.AppendOffline(h.ctx, message("alice@localhost", i), quota))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				kept++
				return
			}
			refused++
			if !isQuota(err) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	equal(t, "kept", kept, quota)
	equal(t, "refused", refused, senders-quota)
	list, err := s.Offline(h.ctx, "alice@localhost", 0, 0)
	must(t, err)
	equal(t, "messages", len(list), quota)

	h.wait(t, s.DeleteOffline(h.ctx, "alice@localhost", []int64{list[0].ID}))
	h.wait(t, s.AppendOffline(h.ctx, message("alice@localhost", 1), quota))
	wantErr(t, storage.Wait(h.ctx, s.AppendOffline(h.ctx, message("alice@localhost", 2), quota)), storage.ErrQuota)
	// A limit lowered below what is there refuses, and loses nothing.
	wantErr(t, storage.Wait(h.ctx, s.AppendOffline(h.ctx, message("alice@localhost", 2), quota-5)), storage.ErrQuota)
	n, err := s.CountOffline(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "count", n, quota)
	h.wait(t, s.AppendOffline(h.ctx, message("alice@localhost", 3), 0))
}

func testOfflineDeletion(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost", "bob@localhost")
	const n = 500
	fill(t, h, s, "alice@localhost", n)
	fill(t, h, s, "bob@localhost", 1)
	list, err := s.Offline(h.ctx, "alice@localhost", 0, 0)
	must(t, err)
	var odd, even []int64
	for i, m := range list {
		if i%2 == 0 {
			even = append(even, m.ID)
		} else {
			odd = append(odd, m.ID)
		}
	}
	h.wait(t, s.DeleteOffline(h.ctx, "alice@localhost", append(odd, odd[0], odd[3], 1<<40)))
	count, err := s.CountOffline(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "count", count, n/2)
	h.wait(t, s.DeleteOffline(h.ctx, "alice@localhost", odd)) // once more does no harm
	h.wait(t, s.DeleteOffline(h.ctx, "alice@localhost", nil))
	left, err := s.Offline(h.ctx, "alice@localhost", 0, 0)
	must(t, err)
	equal(t, "left", len(left), n/2)
	equal(t, "first left", left[0].ID, even[0])
	h.wait(t, s.DeleteOffline(h.ctx, "alice@localhost", even))
	for account, want := range map[string]int{"alice@localhost": 0, "bob@localhost": 1} {
		count, err := s.CountOffline(h.ctx, account)
		must(t, err)
		equal(t, "count of "+account, count, want)
	}
	wantErr(t, storage.Wait(h.ctx, s.DeleteOffline(h.ctx, "nobody@localhost", []int64{1})), storage.ErrNotFound)
}

func testOfflineOrder(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost", "bob@localhost", "carol@localhost")
	accounts := []string{"carol@localhost", "alice@localhost", "bob@localhost"}
	// Not waited for one by one: many of them share a transaction.
	const n = 300
	var pending []storage.Pending
	for i := range n {
		pending = append(pending, s.AppendOffline(h.ctx, message(accounts[i%3], i), 0))
	}
	for _, p := range pending {
		h.wait(t, p)
	}
	for a, account := range accounts {
		list, err := s.Offline(h.ctx, account, 0, 0)
		must(t, err)
		equal(t, "messages", len(list), n/3)
		for i, m := range list {
			equal(t, "order", m.StanzaID, fmt.Sprintf("id-%d", 3*i+a))
		}
	}
}

func testLastActivity(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	_, err := s.LastActivity(h.ctx, "alice@localhost")
	wantErr(t, err, storage.ErrNotFound)
	when := time.Date(2026, 5, 6, 7, 8, 9, 123456000, time.UTC)
	for _, want := range []storage.LastActivity{{When: when, Status: "gone fishing"}, {When: when.Add(time.Hour)}} {
		h.wait(t, s.SetLastActivity(h.ctx, "alice@localhost", want))
		got, err := s.LastActivity(h.ctx, "alice@localhost")
		must(t, err)
		equal(t, "last activity", got, want)
	}
	wantErr(t, storage.Wait(h.ctx, s.SetLastActivity(h.ctx, "nobody@localhost", storage.LastActivity{})), storage.ErrNotFound)
}
