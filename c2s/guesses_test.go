package c2s

import (
	"context"
	"fmt"
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func quietly(string) {}

// tried lets each address try the account with ten attempts at once, over and
// over, for that long. It returns how often it was tried.
func tried(t *testing.T, g *Guesses, addresses int, account string, long time.Duration) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	var n atomic.Int64
	var all sync.WaitGroup
	for i := range addresses {
		for range 10 {
			all.Go(func() {
				for g.turn(ctx, address(i), account, quietly) == nil {
					n.Add(1)
				}
			})
		}
	}
	all.Wait()
	return int(n.Load())
}

func address(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)}) }

// TestPasswordTries: one account is tried twice a second from one address, and
// 50 times from 200.
func TestPasswordTries(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ addresses, want int }{
		"one address":   {1, 2 * 10},
		"25 addresses":  {25, 50 * 10},
		"200 addresses": {200, 50 * 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := NewGuesses(GuessOptions{PerAddress: 2, PerAccount: 50})
				if got := tried(t, g, c.addresses, "a@b", 10*time.Second-time.Millisecond); got != c.want {
					t.Errorf("%d times in 10 s, want %d", got, c.want)
				}
				time.Sleep(5 * time.Second) // those who gave up keep their place
				if g.forget(time.Now()); len(g.lines.byHash) != 0 {
					t.Errorf("%d lines are kept", len(g.lines.byHash))
				}
			})
		})
	}
}

// TestOwnerAmongGuesses: while 200 addresses guess, a stranger waits for one
// attempt of each, and who has logged in from there before for nobody.
func TestOwnerAmongGuesses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGuesses(GuessOptions{PerAddress: 2, PerAccount: 50, AccountLimit: 10, Window: time.Hour, Backoff: time.Second})
		home, abroad := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("198.51.100.1")
		g.succeeded(home, "a@b", false)
		for range 100 {
			g.fail(address(0), "a@b")
		}
		var attack sync.WaitGroup
		attack.Go(func() { tried(t, g, 200, "a@b", time.Minute) })
		time.Sleep(30 * time.Second)
		for name, c := range map[string]struct {
			from netip.Addr
			most time.Duration
		}{
			"home":   {netip.MustParseAddr("2001:db8::2"), 0},
			"abroad": {abroad, maxAccountWait + 4*time.Second},
		} {
			begin := time.Now()
			if err := g.turn(t.Context(), c.from, "a@b", quietly); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(begin); waited > c.most {
				t.Errorf("from %s: %v, want at most %v", name, waited, c.most)
			}
		}
		attack.Wait()
	})
}

// TestTriesGivenBack: the right password is no guess: many devices of one account
// behind one address log in one after another without a wait.
func TestTriesGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGuesses(GuessOptions{PerAddress: 2, PerAccount: 50})
		for i := range 100 {
			if err := g.turn(t.Context(), address(0), "a@b", func(string) { t.Errorf("login %d waits", i) }); err != nil {
				t.Fatal(err)
			}
			g.succeeded(address(0), "a@b", true)
		}
		hits := 0
		for range 2 {
			if err := g.turn(t.Context(), address(0), "a@b", func(string) { hits++ }); err != nil {
				t.Fatal(err)
			}
		}
		if hits != 1 {
			t.Errorf("%d of two guesses waited, want the second", hits)
		}
	})
}

// TestRefusedMeanwhile: attempts that wait are refused when others from their
// address have failed.
func TestRefusedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGuesses(GuessOptions{PerAddress: 1, AddressLimit: 1, Window: time.Hour})
		if err := g.turn(t.Context(), address(0), "a@b", quietly); err != nil {
			t.Fatal(err)
		}
		second := make(chan error)
		go func() { second <- g.turn(t.Context(), address(0), "a@b", quietly) }()
		synctest.Wait()
		g.fail(address(0), "a@b")
		if err := <-second; err != errRefused { //nolint:errorlint // it is returned as it is
			t.Errorf("got %v", err)
		}
		if g.refusesToken(address(0)) {
			t.Error("who has a token is refused for others' passwords")
		}
		g.failToken(address(1))
		if !g.refusesToken(address(1)) || !g.refuses(address(1)) || g.backoff("a@b") != 0 {
			t.Error("wrong tokens do not count for their address alone")
		}
	})
}

// TestKnownAddresses: the last are remembered, and no more than twice the limit.
func TestKnownAddresses(t *testing.T) {
	t.Parallel()
	k := addressesKnown{max: 3, seed: maphash.MakeSeed()}
	for i := range 7 {
		k.add(fmt.Sprint(i))
	}
	for i := range 7 {
		if got := k.has(fmt.Sprint(i)); got != (i >= 3) {
			t.Errorf("%d: %t", i, got)
		}
	}
	if n := len(k.young) + len(k.old); n > 6 {
		t.Errorf("%d are kept", n)
	}
}
