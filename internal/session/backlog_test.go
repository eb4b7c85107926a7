package session_test

import (
	"testing"

	"parley/internal/session"
)

// TestBacklog: what is queued and not written counts.
func TestBacklog(t *testing.T) {
	t.Parallel()
	s := session.New(session.Info{}, nil, session.Limits{})
	for i := range 3 {
		if got, want := s.Backlog(), i*message(1).Size(); got != want {
			t.Errorf("got %d with %d queued, want %d", got, i, want)
		}
		s.Send(message(1))
	}
}
