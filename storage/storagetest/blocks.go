package storagetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"parley/storage"
	"parley/storage/sqlstore"
)

func (h *harness) wantBlocks(t *testing.T, s *sqlstore.Store, account string, want ...string) {
	t.Helper()
	got, err := s.Blocks(h.ctx, account)
	must(t, err)
	if !slices.Equal(got, want) {
		t.Fatalf("%s blocks %q, want %q", account, got, want)
	}
}

func testBlocks(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	h.wantBlocks(t, s, alice)
	wantErr(t, s.Block(h.ctx, nobody, []string{bob}, 3), storage.ErrNotFound)
	h.wantBlocks(t, s, nobody)

	must(t, s.Block(h.ctx, alice, []string{"x@example.org/r", "example.org", "example.org"}, 3))
	must(t, s.Block(h.ctx, bob, []string{alice}, 3))
	h.wantBlocks(t, s, alice, "example.org", "x@example.org/r")
	wantErr(t, s.Block(h.ctx, alice, []string{"a@b", "c@d"}, 3), storage.ErrQuota)
	h.wantBlocks(t, s, alice, "example.org", "x@example.org/r")
	must(t, s.Block(h.ctx, alice, []string{"example.org", "a@b"}, 3)) // one of them is there
	h.wantBlocks(t, h.store(t), alice, "a@b", "example.org", "x@example.org/r")

	must(t, s.Unblock(h.ctx, alice, []string{"example.org", "c@d"}))
	h.wantBlocks(t, s, alice, "a@b", "x@example.org/r")
	must(t, s.UnblockAll(h.ctx, alice))
	h.wantBlocks(t, s, alice)
	h.wantBlocks(t, s, bob, alice)

	must(t, s.DeleteAccount(h.ctx, bob))
	must(t, s.CreateAccount(h.ctx, bob, nil))
	h.wantBlocks(t, s, bob)
}

func (h *harness) reports(t *testing.T, s *sqlstore.Store) (list []storage.Report) {
	t.Helper()
	must(t, s.Reports(h.ctx, func(r storage.Report) error {
		list = append(list, r)
		return nil
	}))
	return list
}

func testReports(t *testing.T, h *harness) {
	s := h.store(t, alice)
	when := time.Date(2026, 5, 6, 7, 8, 9, 123456000, time.UTC)
	late := storage.Report{Received: when.Add(time.Hour), Reporter: alice, JID: "example.org", Reason: "urn:xmpp:reporting:abuse"}
	early := storage.Report{
		Received: when, Reporter: alice, JID: bob + "/r", Reason: "urn:xmpp:reporting:spam",
		Texts:    []storage.ReportText{{Lang: "en", Text: "Never came\ntrouble"}, {Text: "Ärger"}},
		Messages: []storage.ReportedMessage{{By: alice, ID: "1"}, {By: "example.org", ID: ""}},
		ToOrigin: true, ThirdParty: true,
	}
	must(t, s.AddReport(h.ctx, late, 2))
	must(t, s.AddReport(h.ctx, early, 2))
	wantErr(t, s.AddReport(h.ctx, late, 2), storage.ErrQuota)
	must(t, s.DeleteAccount(h.ctx, alice)) // they are the operator's
	if got := h.reports(t, s); !reflect.DeepEqual(got, []storage.Report{early, late}) {
		t.Fatalf("got  %+v\nwant %+v", got, []storage.Report{early, late})
	}
	stop := errors.New("stop")
	wantErr(t, s.Reports(h.ctx, func(storage.Report) error { return stop }), stop)

	n, err := s.DeleteReports(h.ctx, late.Received)
	must(t, err)
	equal(t, "deleted", n, 1)
	equal(t, "reports left", len(h.reports(t, s)), 1)
}

// Two programs block for the same account at once: the limit holds, and neither
// undoes what the other did.
func testBlocksConcurrently(t *testing.T, h *harness) {
	const limit = 10
	stores := []*sqlstore.Store{h.store(t, alice), h.store(t)}
	results := make(chan error)
	for i := range 2 * limit {
		go func() {
			results <- stores[i%2].Block(context.WithoutCancel(h.ctx), alice, []string{fmt.Sprintf("u%d@example.org", i)}, limit)
		}()
	}
	stored := 0
	for range 2 * limit {
		if err := <-results; err == nil {
			stored++
		} else if !errors.Is(err, storage.ErrQuota) {
			t.Error(err)
		}
	}
	got, err := stores[0].Blocks(h.ctx, alice)
	must(t, err)
	equal(t, "blocked", len(got), limit)
	equal(t, "told so", stored, limit)
}
