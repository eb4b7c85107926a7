package c2s

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestBucket(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	b := newBucket(10, 100)
	steps := []struct {
		after time.Duration
		n     int
		wait  time.Duration
	}{
		{0, 100, 0},                  // the burst
		{0, 1, time.Second / 10},     // and one more
		{time.Second / 10, 0, 0},     // paid
		{time.Second, 10, 0},         // the rate
		{0, 500, 50 * time.Second},   // more than the burst at once is paid afterwards
		{time.Hour, 100, 0},          // full again, and no more than that
		{0, 10, time.Second},         //
		{-time.Hour, 0, time.Second}, // a clock that is set back costs nothing
		{2 * time.Hour, 101, time.Second / 10},
	}
	for i, s := range steps {
		now = now.Add(s.after)
		if got := b.take(now, s.n); got.Round(time.Millisecond) != s.wait {
			t.Errorf("step %d: wait %v, want %v", i, got, s.wait)
		}
	}
	off := newBucket(0, 0)
	if off.take(now, 1<<30) != 0 {
		t.Error("a bucket without a rate makes wait")
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	a := addresses{max: 3, maxUnauth: 2}
	v4, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	admit := func(addr netip.Addr, want bool) {
		t.Helper()
		if err := a.admit(addr); (err == nil) != want || err != nil && !errors.Is(err, ErrTooMany) {
			t.Errorf("admit %s: %v, want %t", addr, err, want)
		}
	}
	admit(v4, true)
	admit(v4, true)
	admit(v4, false) // two are not authenticated
	admit(netip.MustParseAddr("::ffff:192.0.2.1"), false)
	admit(other, true)
	a.authenticated(v4)
	admit(v4, true)
	a.authenticated(v4)
	a.authenticated(v4)
	admit(v4, false) // three in all
	a.release(v4, true)
	admit(v4, true)
	a.release(v4, false)
	a.release(v4, true)
	a.release(v4, true)
	a.release(other, false)
	if len(a.counts) != 0 {
		t.Errorf("left over: %v", a.counts)
	}
	for i, addr := range []string{"2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:0:1::", "2001:db8:0:1::1"} {
		admit(netip.MustParseAddr(addr), i != 2) // the first three are in one /64
	}
	admit(netip.MustParseAddr("fe80::1%eth0"), true)
	admit(netip.MustParseAddr("fe80::2%eth1"), true)
	admit(netip.MustParseAddr("fe80::3"), false)
	admit(netip.Addr{}, true) // no address is one more
}

func TestGuesses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGuesses(GuessOptions{AddressLimit: 3, AccountLimit: 2, Window: time.Minute, Backoff: time.Second})
		addr := netip.MustParseAddr("2001:db8::1")
		waited := g.backoff
		for n, want := range []time.Duration{0, 0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second} {
			if got := waited("a@b"); got != want {
				t.Errorf("after %d failures: wait %v, want %v", n, got, want)
			}
			if g.refuses(netip.MustParseAddr("2001:db8::2")) != (n >= 3) { // the same /64
				t.Errorf("after %d failures: refuses is wrong", n)
			}
			g.fail(addr, "a@b")
		}
		if waited("c@b") != 0 || g.refuses(netip.MustParseAddr("192.0.2.1")) {
			t.Error("others are punished")
		}
		time.Sleep(time.Minute + 1)
		if waited("a@b") != 0 || g.refuses(addr) {
			t.Error("the window has no end")
		}
		g.failures.forget(time.Now())
		if n := len(g.failures.entries); n != 0 {
			t.Errorf("%d entries are kept", n)
		}
	})
}

// TestGuessesOff: limits of 0 are none.
func TestGuessesOff(t *testing.T) {
	t.Parallel()
	g := NewGuesses(GuessOptions{Window: time.Hour, Backoff: time.Hour})
	addr := netip.MustParseAddr("192.0.2.1")
	for i := range 100 {
		g.fail(addr, fmt.Sprint(i%2))
	}
	if err := g.turn(t.Context(), addr, "0", func(string) {}); g.refuses(addr) || g.backoff("0") != 0 || err != nil {
		t.Error("a limit of 0 limits")
	}
}
