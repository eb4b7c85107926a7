package session_test

import (
	"testing"

	"parley/internal/session"
	"parley/stanza"
)

// TestStalled: a client that keeps answering with a count that is too low is told
// so once nothing more may be written to it, and nothing is lost (XEP-0198 §4).
func TestStalled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sent  int
		again int // answers without progress
		ends  bool
	}{
		"patience":          {17, 29, false},
		"no more":           {17, 30, true},
		"nothing is queued": {16, 60, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, w, l := managed(t, session.Limits{Unacked: 16}, session.Management{})
			send(s, 0, c.sent)
			w.written(16)
			for range c.again {
				askAndAnswer(t, s, w, 0)
			}
			if s.Ended() != c.ends {
				t.Errorf("got ended %t after %d answers", s.Ended(), c.again)
			}
			s.Close(false)
			if len(l.ids) != c.sent {
				t.Errorf("got %d handed back, want %d", len(l.ids), c.sent)
			}
			if c.ends && (w.end == nil || w.end.Condition != stanza.StreamPolicyViolation) {
				t.Errorf("ended with %v", w.end)
			}
		})
	}
}

// TestSlowIsNotStalled: progress counts, be it ever so small, and answers to
// nothing do not.
func TestSlowIsNotStalled(t *testing.T) {
	t.Parallel()
	s, w, _ := managed(t, session.Limits{Unacked: 16}, session.Management{})
	send(s, 0, 20)
	w.written(16)
	for i := range 60 {
		askAndAnswer(t, s, w, i/29)
	}
	for range 60 {
		if e := s.Ack(2); e != nil {
			t.Fatal(e)
		}
	}
	if s.Ended() {
		t.Error("it was ended")
	}
	s.Close(false)
}

// askAndAnswer has the session ask for the client's count, which is h.
func askAndAnswer(t *testing.T, s *session.Session, w *wire, h int) {
	t.Helper()
	s.Probe()
	w.asked()
	if e := s.Ack(uint32(h)); e != nil {
		t.Fatal(e)
	}
}

// asked waits until the client was asked, and forgets it.
func (w *wire) asked() {
	find := func() int {
		for i, e := range w.said {
			if e == askCount {
				return i
			}
		}
		return -1
	}
	w.wait(func() bool { return find() >= 0 })
	w.update(func() { w.said = append(w.said[:0], w.said[find()+1:]...) })
}
