package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/session"
	"parley/stanza"
)

const askCount = "<r xmlns='urn:xmpp:sm:3'/>"

func answer(h int) string { return fmt.Sprintf("<a xmlns='urn:xmpp:sm:3' h='%d'/>", h) }

// says waits until the stream has carried exactly this.
func (w *wire) says(t *testing.T, want ...string) {
	t.Helper()
	w.wait(func() bool { return len(w.said) >= len(want) })
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.said, want) {
		t.Errorf("got  %q\nwant %q", w.said, want)
	}
	w.said = nil
}

func (w *wire) quiet(t *testing.T) {
	t.Helper()
	w.says(t)
}

func managed(t *testing.T, limits session.Limits, m session.Management) (*session.Session, *wire, *left) {
	t.Helper()
	w, l := newWire(), new(left)
	limits.HeldBytes = 1 << 20
	s := newSession(w, l, limits)
	s.Manage(m, []byte("<enabled/>"))
	w.says(t, "<enabled/>")
	return s, w, l
}

// write is a write to storage that ends when the test says so.
type write struct {
	mu   sync.Mutex
	done chan struct{}
	err  error
	then []func()
}

func newWrite() *write { return &write{done: make(chan struct{})} }

func (w *write) Done() <-chan struct{} { return w.done }
func (w *write) Err() error            { return w.err }

func (w *write) Then(f func()) {
	w.mu.Lock()
	select {
	case <-w.done:
		w.mu.Unlock()
		f()
	default:
		w.then = append(w.then, f)
		w.mu.Unlock()
	}
}

func (w *write) end(err error) {
	w.mu.Lock()
	w.err = err
	close(w.done)
	then := w.then
	w.mu.Unlock()
	for _, f := range then {
		f()
	}
}

func unexpected(t *testing.T) func(error) {
	return func(err error) { t.Errorf("failed: %v", err) }
}

// TestCountingBegins: XEP-0198 §4: what was written before <enabled/> does not
// count, and any count proves that it has arrived.
func TestCountingBegins(t *testing.T) {
	t.Parallel()
	w, l := newWire(), new(left)
	s := newSession(w, l, session.Limits{})
	send(s, 0, 2)
	w.written(2)
	if !s.Manage(session.Management{}, []byte("<enabled/>")) || s.Manage(session.Management{}, nil) {
		t.Error("stream management begins once")
	}
	send(s, 2, 4)
	w.written(4)
	if e := s.Ack(3); e == nil || e.Condition != stanza.StreamUndefinedCondition {
		t.Errorf("got %v for 3 of 2", e)
	}
	if e := s.Ack(1); e != nil {
		t.Error(e)
	}
	s.Close(false)
	l.expect(t, "3")
}

// TestCountWraps: XEP-0198 §4: the counts are modulo 2^32.
func TestCountWraps(t *testing.T) {
	t.Parallel()
	s, w, l := managed(t, session.Limits{}, session.Management{})
	s.CountFrom(1<<32 - 2)
	send(s, 0, 4)
	w.written(4)
	for _, h := range []uint32{1<<32 - 1, 0, 1} {
		if e := s.Ack(h); e != nil {
			t.Errorf("%d: %v", h, e)
		}
	}
	if e := s.Ack(1<<32 - 1); e != nil { // an answer that was overtaken
		t.Error(e)
	}
	if e := s.Ack(3); e == nil {
		t.Error("3 is more than was sent")
	}
	for range 3 {
		s.Handled(nil, false, unexpected(t))
	}
	s.AckRequested()
	w.wait(func() bool { return slices.Contains(w.said, answer(1)) })
	s.Close(false)
	l.expect(t, "3")
}

// TestWindow: only so many stanzas are written without being acknowledged; the
// client is asked for its count in time.
func TestWindow(t *testing.T) {
	t.Parallel()
	s, w, l := managed(t, session.Limits{Unacked: 16}, session.Management{})
	send(s, 0, 20)
	w.written(16)
	if e := s.Ack(16); e != nil {
		t.Fatal(e)
	}
	w.written(20)
	w.mu.Lock()
	asked := slices.Contains(w.said, askCount)
	w.mu.Unlock()
	if !asked {
		t.Error("the client was not asked")
	}
	if e := s.Ack(20); e != nil {
		t.Fatal(e)
	}
	s.Close(false)
	l.expect(t)
}

// TestRequest: a few stanzas do not ask by themselves; the keeper does.
func TestRequest(t *testing.T) {
	t.Parallel()
	s, w, _ := managed(t, session.Limits{}, session.Management{})
	send(s, 0, 1)
	w.says(t, "0")
	s.Probe()
	w.says(t, askCount)
	s.Probe() // asked already
	if e := s.Ack(1); e != nil {
		t.Fatal(e)
	}
	s.Close(false)
	w.quiet(t)
}

// TestSlowManaged: written and not acknowledged bytes count as waiting.
func TestSlowManaged(t *testing.T) {
	t.Parallel()
	size := message(0).Size()
	s, w, l := managed(t, session.Limits{QueueBytes: 3 * size}, session.Management{ID: "x", Resume: time.Hour})
	send(s, 0, 3)
	w.written(3)
	send(s, 3, 4)
	w.wait(func() bool { return w.ended })
	if w.end == nil || w.end.Condition != stanza.StreamPolicyViolation {
		t.Errorf("ended with %v", w.end)
	}
	if s.Detach() {
		t.Error("it waits for its client all the same")
	}
	s.Close(false)
	l.expect(t, "0", "1", "2", "3")
}

// TestHandled: a stanza counts when all its writes and all stanzas before it are
// done, and the count is told when it is stored itself.
func TestHandled(t *testing.T) {
	t.Parallel()
	saves := make(chan *write, 10)
	counts := make(chan uint32, 10)
	s, w, _ := managed(t, session.Limits{}, session.Management{ID: "x", Save: func(n uint32) module.Pending {
		save := newWrite()
		saves <- save
		counts <- n
		return save
	}})
	first, second, other := newWrite(), newWrite(), newWrite()
	s.Handled([]module.Pending{first, second}, false, unexpected(t))
	s.Handled([]module.Pending{other}, false, unexpected(t))
	s.Handled(nil, false, unexpected(t))
	s.AckRequested()
	other.end(nil)
	first.end(nil)
	w.quiet(t)
	if s.Open() != 3 || len(saves) != 0 {
		t.Errorf("%d stanzas are open, %d counts were stored", s.Open(), len(saves))
	}
	second.end(nil)
	if n := <-counts; n != 3 {
		t.Errorf("stored %d, want 3", n)
	}
	w.quiet(t)
	(<-saves).end(nil)
	w.says(t, answer(3))
	s.AckRequested() // stored already
	w.says(t, answer(3))
	s.Close(false)
}

// TestHandledFails: the sender hears of a failed write before it is told that
// the stanza was handled.
func TestHandledFails(t *testing.T) {
	t.Parallel()
	s, w, _ := managed(t, session.Limits{}, session.Management{})
	disk, other := newWrite(), newWrite()
	failure := errors.New("full")
	s.Handled([]module.Pending{disk, other}, false, func(err error) {
		if !errors.Is(err, failure) {
			t.Errorf("got %v", err)
		}
		send(s, 7, 8)
	})
	s.AckRequested()
	disk.end(failure)
	other.end(failure) // the sender hears of it once
	w.wait(func() bool { return slices.Contains(w.said, answer(1)) })
	w.says(t, "7", answer(1))
	s.Close(false)
}

// TestSlowStorage: a client that asks is told what is stored after a while, and
// the rest when it is.
func TestSlowStorage(t *testing.T) {
	t.Parallel()
	s, w, _ := managed(t, session.Limits{}, session.Management{})
	disk := newWrite()
	s.Handled(nil, false, unexpected(t))
	s.Handled([]module.Pending{disk}, false, unexpected(t))
	s.AckRequested()
	s.Tick(time.Now())
	w.quiet(t)
	s.Tick(time.Now().Add(time.Minute))
	w.says(t, answer(1))
	disk.end(nil)
	w.says(t, answer(2))
	s.Close(false)
}

// TestSaveRepeated: a count that could not be stored is not told; the keeper has
// it stored again, and tells the client what is stored so far.
func TestSaveRepeated(t *testing.T) {
	t.Parallel()
	saves := make(chan *write, 10)
	s, w, _ := managed(t, session.Limits{}, session.Management{ID: "x", Save: func(uint32) module.Pending {
		save := newWrite()
		saves <- save
		return save
	}})
	s.Handled(nil, false, unexpected(t))
	s.AckRequested()
	(<-saves).end(errors.New("away"))
	w.quiet(t)
	s.Tick(time.Now().Add(time.Minute))
	w.says(t, answer(0))
	(<-saves).end(nil)
	w.says(t, answer(1))
	s.Close(false)
}

// TestSettled: who resumes is told the count of all that was sent before.
func TestSettled(t *testing.T) {
	t.Parallel()
	saved := make(chan uint32, 1)
	s, _, _ := managed(t, session.Limits{}, session.Management{ID: "x", Save: func(n uint32) module.Pending {
		saved <- n
		save := newWrite()
		save.end(nil)
		return save
	}})
	disk := newWrite()
	s.Handled([]module.Pending{disk}, false, unexpected(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Settled(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v while a write is under way", err)
	}
	go disk.end(nil)
	if n, err := s.Settled(t.Context()); n != 1 || err != nil || <-saved != 1 {
		t.Errorf("got %d, %v", n, err)
	}
	s.Close(false)
}

// TestAttach: what was not acknowledged is written again over the new stream,
// in order, before what came meanwhile.
func TestAttach(t *testing.T) {
	t.Parallel()
	s, w, l := managed(t, session.Limits{Unacked: 100}, session.Management{ID: "x", Resume: time.Hour})
	send(s, 0, 3)
	w.written(3)
	w.update(func() { w.broken = true })
	send(s, 3, 4)
	if !s.Detach() || !s.Detached() {
		t.Fatal("not detached")
	}
	send(s, 4, 6)
	next := newWire()
	if ok, e := s.Attach(next, 5, true, "192.0.2.1"); ok || e == nil {
		t.Errorf("5 of 4: got %v, %v", ok, e)
	}
	if ok, e := s.Attach(next, 2, true, "192.0.2.1"); !ok || e != nil {
		t.Fatalf("got %v, %v", ok, e)
	}
	next.quiet(t) // nothing before Start
	s.Start()
	next.written(4)
	if s.RemoteAddr() != "192.0.2.1" || !s.Secure() {
		t.Error("the client's new address is not known")
	}
	if e := s.Ack(5); e != nil {
		t.Error(e)
	}
	s.Close(false)
	if got := strings.Join(next.wrote, " "); got != "2 3 4 5" {
		t.Errorf("got %s", got)
	}
	l.expect(t, "5")
}

// TestDetachedEnds: a session without a stream ends when it is told to, or when
// too much waits for it.
func TestDetachedEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*session.Session){
		"ended": func(s *session.Session) { s.End(nil) },
		"full":  func(s *session.Session) { send(s, 0, 3) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expired := make(chan struct{})
			s, _, _ := managed(t, session.Limits{Unacked: 2}, session.Management{
				ID: "x", Resume: time.Hour, Expired: func() { close(expired) },
			})
			if !s.Detach() {
				t.Fatal("not detached")
			}
			end(s)
			<-expired
			if ok, _ := s.Attach(newWire(), 0, true, ""); ok {
				t.Error("it has ended")
			}
			s.Close(false)
		})
	}
}

func presence(from string, id int) *module.Stanza {
	st := module.NewStanza(stanza.Presence, "", jid.MustParse(from), jid.MustParse("a@b/c"))
	st.ID = strconv.Itoa(id)
	return st
}

// typing is what an occupant of a room does; the room says who it is.
func typing(id int) *module.Stanza {
	st := message(id)
	return st.Append(stanza.New("http://jabber.org/protocol/chatstates", "composing"),
		stanza.New("urn:xmpp:occupant-id:0", "occupant-id", "id", "x"))
}

// TestClientState: XEP-0352 §5: an inactive client gets what can wait before the
// next stanza that cannot, and of presence only the last of each sender.
func TestClientState(t *testing.T) {
	t.Parallel()
	w, l := newWire(), new(left)
	s := newSession(w, l, session.Limits{})
	s.SetActive(false)
	s.Send(presence("x@b/1", 0))
	s.Send(presence("y@b/1", 1))
	s.Send(presence("x@b/1", 2))
	s.Send(typing(3))
	w.quiet(t)
	body := message(4)
	body.Append(stanza.New(stanza.NSClient, "body").AddText("x"))
	s.Send(body)
	w.written(4)
	s.Send(presence("x@b/1", 5))
	w.says(t, "1", "2", "3", "4")
	s.SetActive(true)
	w.says(t, "5")
	s.Send(presence("x@b/1", 6))
	w.says(t, "6")
	s.SetActive(false)
	s.Send(typing(7))
	s.Alive()
	s.Close(false)
	l.expect(t, "7")
}

// TestPostponedBound: too much lets everything go.
func TestPostponedBound(t *testing.T) {
	t.Parallel()
	const most = 256
	w, l := newWire(), new(left)
	s := newSession(w, l, session.Limits{})
	s.SetActive(false)
	for i := range most {
		s.Send(typing(i))
	}
	w.quiet(t)
	s.Send(typing(most))
	w.written(most + 1)
	s.Close(true)
	l.expect(t)
}
