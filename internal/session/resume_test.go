package session_test

import (
	"testing"
	"time"

	"parley/internal/session"
)

// TestSaysAreBounded: elements of the stream itself count with what waits: a
// client may ask for answers and not read them.
func TestSaysAreBounded(t *testing.T) {
	t.Parallel()
	w, l := newWire(), new(left)
	s := newSession(w, l, session.Limits{QueueBytes: 1000})
	w.update(func() { w.stuck = true })
	s.Say([]byte("x"))
	w.wait(func() bool { return w.stalled })
	element := make([]byte, 100)
	for range 10 {
		s.Say(element)
	}
	if s.Ended() {
		t.Error("ended with what is allowed")
	}
	s.Say([]byte("x"))
	if !s.Ended() {
		t.Error("not ended with a byte too many")
	}
	w.update(func() { w.abort = true })
	s.Close(false)
}

// TestNewStreamSaysNothingOld: what a stream was to be told is not told the next
// one (XEP-0198 §5).
func TestNewStreamSaysNothingOld(t *testing.T) {
	t.Parallel()
	s, w, _ := managed(t, session.Limits{}, session.Management{ID: "x", Resume: time.Hour})
	w.update(func() { w.stuck = true })
	send(s, 0, 1)
	w.wait(func() bool { return w.stalled })
	s.Say([]byte("<failed/>"))
	s.AckRequested()
	w.update(func() { w.abort = true })
	if !s.Detach() {
		t.Fatal("not detached")
	}
	next := newWire()
	if ok, e := s.Attach(next, 0, true, ""); !ok || e != nil {
		t.Fatalf("got %v, %v", ok, e)
	}
	s.Start()
	send(s, 1, 2)
	next.written(2)
	s.Close(false)
	next.says(t, "0", "1")
}

// TestForgotten: a client that has forgotten what it acknowledged cannot resume:
// that is gone, and it would count otherwise than the server from then on.
func TestForgotten(t *testing.T) {
	t.Parallel()
	s, w, _ := managed(t, session.Limits{}, session.Management{ID: "x", Resume: time.Hour})
	send(s, 0, 3)
	w.written(3)
	if e := s.Ack(2); e != nil || !s.Detach() {
		t.Fatal(e)
	}
	if ok, e := s.Attach(newWire(), 1, true, ""); ok || e != nil {
		t.Errorf("1, having told 2: got %v, %v", ok, e)
	}
	if ok, e := s.Attach(newWire(), 2, true, ""); !ok || e != nil {
		t.Errorf("2, having told 2: got %v, %v", ok, e)
	}
	s.Close(false)
}
