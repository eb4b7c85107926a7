package storagetest

import (
	"fmt"
	"testing"
	"time"

	"parley/storage"
)

func testStreams(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	seen := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	a := storage.Stream{ID: "a", Account: alice, Handled: 1<<32 - 1, Seen: seen}
	b := storage.Stream{ID: "b", Account: bob, Seen: seen.Add(time.Hour)}
	release := h.hold(t, s)
	var pending []storage.Pending
	for i := range 5 { // all of them in one transaction; the last counts
		older := a
		older.Handled = uint32(i)
		pending = append(pending, s.SaveStream(older))
	}
	pending = append(pending, s.SaveStream(a), s.SaveStream(b), s.SaveStream(storage.Stream{ID: "c", Account: nobody}))
	release()
	for _, p := range pending {
		h.wait(t, p)
	}
	for _, want := range []storage.Stream{a, b} {
		got, err := s.Stream(h.ctx, want.ID)
		must(t, err)
		equal(t, "stream", got, want)
	}
	_, err := s.Stream(h.ctx, "c")
	wantErr(t, err, storage.ErrNotFound)

	n, err := s.PruneStreams(h.ctx, b.Seen)
	must(t, err)
	equal(t, "pruned", n, 1)
	_, err = s.Stream(h.ctx, "a")
	wantErr(t, err, storage.ErrNotFound)
	must(t, s.DeleteStreams(h.ctx, alice))
	_, err = s.Stream(h.ctx, "b")
	must(t, err)
	must(t, s.DeleteStreams(h.ctx, bob))
	_, err = s.Stream(h.ctx, "b")
	wantErr(t, err, storage.ErrNotFound)
}

func testSuspendedStreams(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	a := storage.SuspendedStream{ID: "a", Account: alice, State: []byte("{}")}
	b := storage.SuspendedStream{ID: "b", Account: bob, State: []byte{0, 1}}
	must(t, s.SuspendStreams(h.ctx, []storage.SuspendedStream{a, b, {ID: "c", Account: nobody}}))
	got, err := s.TakeSuspendedStreams(h.ctx)
	must(t, err)
	equal(t, "streams", fmt.Sprint(got), fmt.Sprint([]storage.SuspendedStream{a, b}))
	got, err = s.TakeSuspendedStreams(h.ctx)
	must(t, err)
	equal(t, "streams taken before", len(got), 0)
	must(t, s.SuspendStreams(h.ctx, []storage.SuspendedStream{a, b}))
	must(t, s.DeleteStreams(h.ctx, alice))
	must(t, s.DeleteAccount(h.ctx, bob))
	got, err = s.TakeSuspendedStreams(h.ctx)
	must(t, err)
	equal(t, "streams of who is gone", len(got), 0)
}

func testTokens(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	day := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	token := func(client, salt string, fresh bool) storage.Token {
		return storage.Token{Account: alice, Client: client, New: fresh, Mechanism: "HT-SHA-256-NONE", Salt: []byte(salt),
			Created: day, Expires: day.AddDate(0, 0, 21), Software: "Gajim", Device: "Büro"}
	}
	want := func(client string, tokens ...storage.Token) {
		t.Helper()
		got, err := s.Tokens(h.ctx, alice, client)
		must(t, err)
		equal(t, "tokens of "+client, fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", append([]storage.Token(nil), tokens...)))
	}
	wantErr(t, s.PutToken(h.ctx, storage.Token{Account: nobody, Client: "c", Salt: []byte("s")}), storage.ErrNotFound)
	one, two, three, other := token("c", "1", true), token("c", "2", true), token("c", "3", true), token("d", "4", true)
	must(t, s.PutToken(h.ctx, one))
	must(t, s.PutToken(h.ctx, two)) // the first was never used
	must(t, s.PutToken(h.ctx, other))
	want("c", two)
	use := func(token *storage.Token, when time.Time, address string) {
		t.Helper()
		token.Used, token.Address = when, address
		must(t, s.UseToken(h.ctx, *token))
		token.New = false
	}
	wantErr(t, s.UseToken(h.ctx, one), storage.ErrNotFound)
	use(&two, day.Add(time.Hour), "192.0.2.1")
	want("c", two)
	must(t, s.PutToken(h.ctx, three))
	want("c", two, three)
	use(&two, day.Add(2*time.Hour), "192.0.2.2") // the current one serves until the new one was used
	want("c", two, three)
	use(&three, day.Add(3*time.Hour), "192.0.2.3")
	want("c", three)
	wantErr(t, s.UseToken(h.ctx, two), storage.ErrNotFound)
	want("", three, other)
	want("unknown")

	for client, gone := range map[string]int{"unknown": 0, "d": 1} {
		n, err := s.DeleteTokens(h.ctx, alice, client)
		must(t, err)
		equal(t, "deleted", n, gone)
	}
	must(t, s.PutToken(h.ctx, other))
	n, err := s.DeleteTokens(h.ctx, alice, "")
	must(t, err)
	equal(t, "deleted", n, 2)
	want("")
}
