package session_test

import (
	"testing"

	"parley/internal/module"
	"parley/internal/session"
)

// TestOneSave: who resumes waits for a number that is on its way to the disk: a
// lower one must not come last.
func TestOneSave(t *testing.T) {
	t.Parallel()
	type save struct {
		*write
		n uint32
	}
	saves := make(chan save, 10)
	s, _, _ := managed(t, session.Limits{}, session.Management{ID: "x", Save: func(n uint32) module.Pending {
		w := newWrite()
		saves <- save{w, n}
		return w
	}})
	s.Handled(nil, false, unexpected(t))
	s.AckRequested()
	first := <-saves
	s.Handled(nil, false, unexpected(t))
	settled := make(chan uint32)
	go func() {
		n, err := s.Settled(t.Context())
		if err != nil {
			t.Error(err)
		}
		settled <- n
	}()
	s.AckRequested()
	if len(saves) != 0 {
		t.Error("two numbers are on their way")
	}
	go first.end(nil)
	second := <-saves
	s.Handled(nil, false, unexpected(t))
	s.AckRequested() // does not overtake what Settled stores
	if second.n != 2 || len(saves) != 0 {
		t.Errorf("got number %d, and %d more are on their way", second.n, len(saves))
	}
	second.end(nil)
	third := <-saves
	third.end(nil)
	if n := <-settled; n != 3 {
		t.Errorf("got %d, want 3", n)
	}
	s.Close(false)
}
