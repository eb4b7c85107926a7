package session_test

import (
	"testing"

	"parley/internal/module"
	"parley/internal/session"
)

// TestToldWhileMoreComes: a client that asks after every stanza, and always has
// one under way, is told what it has asked for first when that is stored (XEP-0198
// §4), and the last when that is.
func TestToldWhileMoreComes(t *testing.T) {
	t.Parallel()
	s, w, _ := managed(t, session.Limits{}, session.Management{})
	asks := func() *write {
		disk := newWrite()
		s.Handled([]module.Pending{disk}, false, unexpected(t))
		s.AckRequested()
		return disk
	}
	last := asks()
	for n := range 3 {
		next := asks()
		last.end(nil)
		w.says(t, answer(n+1))
		last = next
	}
	last.end(nil)
	w.says(t, answer(4))
	s.Close(false)
}

// TestToldWhileNumbersRide: what was asked for is told when its number is stored,
// though one after it is not and cannot be yet.
func TestToldWhileNumbersRide(t *testing.T) {
	t.Parallel()
	s, w, _ := managed(t, session.Limits{}, session.Management{ID: "x", Save: func(n uint32) module.Pending {
		t.Errorf("%d is stored alone while others ride", n)
		return newWrite()
	}})
	rides := func() (*write, *session.Ride) {
		disk, ride := newWrite(), s.Ride()
		s.Handled([]module.Pending{disk}, false, unexpected(t))
		return disk, ride
	}
	disk, ride := rides()
	s.AckRequested()
	s.Handled(nil, false, unexpected(t))
	later, laterRide := rides()
	disk.end(nil)
	ride.Settle(nil)
	w.says(t, answer(1))
	later.end(nil)
	laterRide.Settle(nil)
	w.quiet(t)
	s.Close(false)
}

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
