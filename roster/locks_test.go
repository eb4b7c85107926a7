package roster

import (
	"context"
	"errors"
	"sync"
	"testing"

	"parley/internal/jid"
)

func TestLocks(t *testing.T) {
	t.Parallel()
	var l locks[string]
	counters := map[string]*int{"a": new(int), "b": new(int)}
	var busy sync.WaitGroup
	for range 8 {
		busy.Go(func() {
			for range 200 {
				for key, n := range counters {
					unlock, err := l.lock(context.Background(), key)
					if err != nil {
						t.Error(err)
						return
					}
					*n++ // the race detector looks on
					unlock()
				}
			}
		})
	}
	busy.Wait()
	for key, n := range counters {
		if *n != 8*200 {
			t.Errorf("%s: counted %d", key, *n)
		}
	}
	if len(l.m) != 0 {
		t.Errorf("%d locks are kept that nobody uses", len(l.m))
	}
}

// TestLockGivesUp: who waits goes when his context ends, and leaves no trace.
func TestLockGivesUp(t *testing.T) {
	t.Parallel()
	var l locks[string]
	unlock, err := l.lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	if _, err := l.lock(ctx, "a"); !errors.Is(err, gone) {
		t.Errorf("got %v, want the cause of the context", err)
	}
	unlock()
	if len(l.m) != 0 {
		t.Error("a lock is kept that nobody uses")
	}
}

func TestPairOf(t *testing.T) {
	t.Parallel()
	a, b := jid.MustParse("a@localhost"), jid.MustParse("b@localhost")
	if pairOf(a, b) != pairOf(b, a) || pairOf(a, b) == pairOf(a, a) {
		t.Error("a pair does not depend on who acts")
	}
}
