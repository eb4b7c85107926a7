package session_test

import (
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/session"
	"parley/stanza"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a connection whose writes can be held up and made to fail.
type wire struct {
	mu      sync.Mutex
	change  sync.Cond
	wrote   []string // guarded by mu
	said    []string // guarded by mu: elements of the stream, and the stanzas around them
	end     *stanza.StreamError
	ended   bool
	probes  int
	hurry   bool
	abort   bool
	broken  bool // writes fail
	stuck   bool // writes wait until hurried or aborted
	stalled bool // a write waits
	unread  int  // bytes that the client's machine has not acknowledged
}

func newWire() *wire {
	w := new(wire)
	w.change.L = &w.mu
	return w
}

func (w *wire) update(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	w.change.Broadcast()
}

// wait until the condition holds.
func (w *wire) wait(cond func() bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !cond() {
		w.change.Wait()
	}
}

func (w *wire) WriteStanzas(batch []*module.Stanza, after ...[]byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.stuck && !w.hurry && !w.abort {
		w.stalled = true
		w.change.Broadcast()
		w.change.Wait()
	}
	if w.broken || w.stuck {
		return errors.New("connection reset")
	}
	for _, st := range batch {
		w.wrote = append(w.wrote, st.ID)
		w.said = append(w.said, st.ID)
	}
	for _, e := range after {
		w.said = append(w.said, string(e))
	}
	w.change.Broadcast()
	return nil
}

func (w *wire) WriteEnd(e *stanza.StreamError) { w.update(func() { w.end, w.ended = e, true }) }
func (w *wire) Abort()                         { w.update(func() { w.abort = true }) }
func (w *wire) Probe()                         { w.update(func() { w.probes++ }) }
func (w *wire) Hurry()                         { w.update(func() { w.hurry = true }) }
func (w *wire) Unacked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unread
}

func (w *wire) written(n int) { w.wait(func() bool { return len(w.wrote) >= n }) }

// left is what a session has handed back.
type left struct {
	mu  sync.Mutex
	ids []string // guarded by mu
}

func (l *left) take(st *module.Stanza) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids = append(l.ids, st.ID)
}

func (l *left) expect(t *testing.T, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.ids, want) {
		t.Errorf("handed back %v, want %v", l.ids, want)
	}
}

func newSession(w *wire, l *left, limits session.Limits) *session.Session {
	s := session.New(session.Info{
		JID: jid.MustParse("a@b/c"), Log: slog.New(slog.DiscardHandler), Undelivered: l.take,
		Writers: new(session.Writers),
	}, w, limits)
	s.Start()
	return s
}

func message(id int) *module.Stanza {
	st := module.NewStanza(stanza.Message, "chat", jid.MustParse("x@b"), jid.MustParse("a@b/c"))
	st.ID = strconv.Itoa(id)
	return st
}

func send(s *session.Session, from, to int) {
	for i := from; i < to; i++ {
		s.Send(message(i))
	}
}

// probe asks for a sign of life and waits until it was asked for.
func probe(s *session.Session, w *wire) {
	w.mu.Lock()
	n := w.probes
	w.mu.Unlock()
	s.Probe()
	w.wait(func() bool { return w.probes > n })
}

// TestConfirmation: only what was written before an answered probe has arrived.
func TestConfirmation(t *testing.T) {
	t.Parallel()
	w, l := newWire(), new(left)
	s := newSession(w, l, session.Limits{HeldBytes: 1 << 20})
	send(s, 0, 2)
	w.written(2)
	if !s.Unconfirmed() {
		t.Error("nothing is unconfirmed")
	}
	probe(s, w)
	send(s, 2, 4)
	w.written(4)
	s.Answered()
	if !s.Unconfirmed() {
		t.Error("the answer covers what came later")
	}
	s.Answered() // nobody asked
	s.Close(false)
	l.expect(t, "2", "3")
}

func request(id string) *module.Stanza {
	st := module.NewStanza(stanza.IQ, "get", jid.MustParse("x@b/y"), jid.MustParse("a@b/c"))
	st.ID = id
	return st
}

// TestAnsweredRequest: an answer proves that its request has arrived, and what
// was written before; the request is not handed back for a second answer (RFC
// 6120 §8.2.3).
func TestAnsweredRequest(t *testing.T) {
	t.Parallel()
	x := jid.MustParse("x@b/y")
	for name, c := range map[string]struct {
		asker jid.JID
		id    string
		want  []string
	}{
		"first":          {x, "q1", []string{"1", "q2", "2"}},
		"second":         {x, "q2", []string{"2"}},
		"another's":      {jid.MustParse("x@b/z"), "q1", []string{"0", "q1", "1", "q2", "2"}},
		"never asked":    {x, "q3", []string{"0", "q1", "1", "q2", "2"}},
		"not a question": {jid.MustParse("x@b"), "1", []string{"0", "q1", "1", "q2", "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, l := newWire(), new(left)
			s := newSession(w, l, session.Limits{HeldBytes: 1 << 20})
			for _, st := range []*module.Stanza{message(0), request("q1"), message(1), request("q2"), message(2)} {
				s.Send(st)
			}
			w.written(5)
			s.AnsweredRequest(c.asker, c.id)
			s.Close(false)
			l.expect(t, c.want...)
		})
	}
}

// TestAnsweredWhileWriting: the client answers before its writer knows that the
// request was sent, and while a probe is open.
func TestAnsweredWhileWriting(t *testing.T) {
	t.Parallel()
	w, l := newWire(), new(left)
	s := newSession(w, l, session.Limits{HeldBytes: 1 << 20})
	send(s, 0, 1)
	w.written(1)
	probe(s, w)
	w.update(func() { w.stuck = true })
	s.Send(request("q"))
	w.wait(func() bool { return w.stalled })
	s.AnsweredRequest(jid.MustParse("x@b/y"), "q")
	w.update(func() { w.stuck = false })
	w.written(2)
	send(s, 1, 2)
	w.written(3)
	s.Answered()
	s.Close(false)
	l.expect(t, "1")
}

// TestOrderlyClose: the client has read everything.
func TestOrderlyClose(t *testing.T) {
	t.Parallel()
	w, l := newWire(), new(left)
	s := newSession(w, l, session.Limits{})
	send(s, 0, 3)
	s.End(nil)
	w.wait(func() bool { return w.ended })
	s.Close(true)
	l.expect(t)
	s.Send(message(3)) // it is still in the table
	l.expect(t, "3")
	if s.Unconfirmed() {
		t.Error("something is unconfirmed")
	}
}

// TestNotStarted: nothing is written before the client knows its address, and
// nothing is lost if it never does.
func TestNotStarted(t *testing.T) {
	t.Parallel()
	w, l := newWire(), new(left)
	s := session.New(session.Info{JID: jid.MustParse("a@b/c"), Log: slog.New(slog.DiscardHandler), Undelivered: l.take}, w, session.Limits{})
	send(s, 0, 2)
	s.End(&stanza.StreamError{Condition: stanza.StreamConflict})
	s.Close(false)
	l.expect(t, "0", "1")
	if len(w.wrote) > 0 || w.ended {
		t.Errorf("written: %v, ended: %t", w.wrote, w.ended)
	}
}

// TestWriteFails: the batch that failed and all that follows goes back, in order.
func TestWriteFails(t *testing.T) {
	t.Parallel()
	w, l := newWire(), new(left)
	s := newSession(w, l, session.Limits{})
	send(s, 0, 2)
	w.written(2)
	w.update(func() { w.broken = true })
	send(s, 2, 4)
	w.wait(func() bool { return w.abort })
	send(s, 4, 6)
	s.Close(true) // whatever the reader thinks, the writing had failed
	l.expect(t, "0", "1", "2", "3", "4", "5")
	if w.ended {
		t.Error("a goodbye was written after an error")
	}
}

// TestFullQueue: the client is told, the queue is kept for others.
func TestFullQueue(t *testing.T) {
	t.Parallel()
	size := message(1).Size()
	for name, n := range map[string]int{"at the limit": 9, "over it": 10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, l := newWire(), new(left)
			s := session.New(session.Info{JID: jid.MustParse("a@b/c"), Log: slog.New(slog.DiscardHandler), Undelivered: l.take},
				w, session.Limits{QueueBytes: 9 * size})
			send(s, 0, n)
			s.Start()
			if n == 9 {
				w.written(9)
				s.Close(false)
				return
			}
			w.wait(func() bool { return w.ended })
			if w.end.Condition != stanza.StreamPolicyViolation || !w.hurry || len(w.wrote) > 0 {
				t.Errorf("end %v, hurry %t, written %v", w.end, w.hurry, w.wrote)
			}
			s.Close(false)
			l.expect(t, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
		})
	}
}

// TestStuckWriter: the end of a session ends the waiting for a client that does
// not read.
func TestStuckWriter(t *testing.T) {
	t.Parallel()
	w, l := newWire(), new(left)
	w.stuck = true
	s := newSession(w, l, session.Limits{})
	send(s, 0, 2)
	s.End(&stanza.StreamError{Condition: stanza.StreamSystemShutdown})
	w.wait(func() bool { return w.abort })
	s.Close(false)
	l.expect(t, "0", "1")
}

// TestWhatIsHeld: of what was written, that whose loss would matter.
func TestWhatIsHeld(t *testing.T) {
	t.Parallel()
	w, l := newWire(), new(left)
	s := newSession(w, l, session.Limits{})
	kinds := []struct {
		kind stanza.Kind
		typ  string
		held bool
	}{
		{stanza.Message, "chat", true}, {stanza.Message, "", true}, {stanza.Message, "normal", true}, {stanza.Message, "strange", true},
		{stanza.Message, "headline", false}, {stanza.Message, "error", false}, {stanza.Message, "groupchat", false},
		{stanza.Presence, "", false}, {stanza.IQ, "result", false}, {stanza.IQ, "error", false},
		{stanza.IQ, "get", true}, {stanza.IQ, "set", true},
	}
	var want []string
	for i, k := range kinds {
		st := message(i)
		st.Kind, st.Type = k.kind, k.typ
		s.Send(st)
		if k.held {
			want = append(want, st.ID)
		}
	}
	w.written(len(kinds))
	s.Close(false)
	l.expect(t, want...)
}

// tracker counts what it is told.
type tracker struct {
	mu                     sync.Mutex
	delivered, undelivered int
}

func (r *tracker) Takes(module.Session, *module.Stanza) bool { return true }
func (r *tracker) Sent(int)                                  {}
func (r *tracker) Delivered(*module.Stanza) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delivered++
}

func (r *tracker) Undelivered(*module.Stanza) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.undelivered++
}

// TestTracker: each stanza is heard of once, delivered or not.
func TestTracker(t *testing.T) {
	t.Parallel()
	w, r := newWire(), new(tracker)
	s := session.New(session.Info{JID: jid.MustParse("a@b/c"), Log: slog.New(slog.DiscardHandler), Undelivered: func(st *module.Stanza) {
		st.Track.Undelivered(st)
	}}, w, session.Limits{HeldBytes: 1 << 20})
	s.Start()
	tracked := func(i int) *module.Stanza {
		st := message(i)
		st.Track = r
		return st
	}
	for i := range 3 {
		s.Send(tracked(i))
	}
	w.written(3)
	probe(s, w)
	s.Answered()
	s.Send(tracked(3))
	w.written(4)
	s.Close(false)
	s.Send(tracked(4))
	if r.delivered != 3 || r.undelivered != 2 {
		t.Errorf("delivered %d, undelivered %d; want 3 and 2", r.delivered, r.undelivered)
	}
}

// TestMuchUnconfirmed: the session asks by itself, once at a time.
func TestMuchUnconfirmed(t *testing.T) {
	t.Parallel()
	w, l := newWire(), new(left)
	s := newSession(w, l, session.Limits{HeldBytes: 5 * message(1).Size()})
	send(s, 0, 6)
	w.wait(func() bool { return w.probes == 1 })
	s.Probe() // is asked already
	send(s, 6, 8)
	w.written(8)
	w.mu.Lock()
	probes := w.probes
	w.mu.Unlock()
	if probes != 1 {
		t.Errorf("%d probes are under way", probes)
	}
	s.Answered()
	w.wait(func() bool { return w.probes == 2 }) // the one that was wanted meanwhile
	s.Close(true)
	l.expect(t)
}

// TestNeverAnswers: of a client that reads but answers no ping only so much is
// held; one that does not read is cut, and nothing is lost.
func TestNeverAnswers(t *testing.T) {
	t.Parallel()
	limits := session.Limits{HeldBytes: message(1).Size(), QueueBytes: 4 * message(1).Size()}
	t.Run("reads", func(t *testing.T) {
		t.Parallel()
		w, l := newWire(), new(left)
		s := newSession(w, l, limits)
		for i := range 10 {
			send(s, i, i+1)
			w.written(i + 1)
		}
		s.Close(false)
		l.expect(t, "6", "7", "8", "9")
	})
	t.Run("does not read", func(t *testing.T) {
		t.Parallel()
		w, l := newWire(), new(left)
		w.unread = limits.QueueBytes + 1
		s := newSession(w, l, limits)
		for i := range 5 {
			send(s, i, i+1)
			w.written(i + 1)
		}
		w.wait(func() bool { return w.ended })
		if w.end == nil || w.end.Condition != stanza.StreamPolicyViolation {
			t.Errorf("ended with %v", w.end)
		}
		s.Close(false)
		l.expect(t, "0", "1", "2", "3", "4")
	})
}

// TestLeft: whoever waits for the end of a session hears of it, before and after.
func TestLeft(t *testing.T) {
	t.Parallel()
	s := newSession(newWire(), new(left), session.Limits{})
	before := s.Left()
	select {
	case <-before:
		t.Error("left too early")
	default:
	}
	s.Close(true)
	s.Leave()
	<-before
	<-s.Left()
}

// TestCloseWhileOthersSend: what comes while the session is closing is handed
// back too, in the order of each sender.
func TestCloseWhileOthersSend(t *testing.T) {
	t.Parallel()
	const senders, each = 8, 200
	w := newWire()
	var mu sync.Mutex
	got := map[string][]int{}
	s := session.New(session.Info{JID: jid.MustParse("a@b/c"), Log: slog.New(slog.DiscardHandler), Undelivered: func(st *module.Stanza) {
		mu.Lock()
		defer mu.Unlock()
		n, _ := strconv.Atoi(st.ID)
		got[st.From.String()] = append(got[st.From.String()], n)
	}}, w, session.Limits{})
	s.Start()
	var busy sync.WaitGroup
	for i := range senders {
		busy.Go(func() {
			from := jid.MustParse("s" + strconv.Itoa(i) + "@b")
			for n := range each {
				st := message(n)
				st.From = from
				s.Send(st)
			}
		})
	}
	w.written(1)
	s.Close(false)
	busy.Wait()
	for i := range senders {
		list := got["s"+strconv.Itoa(i)+"@b"]
		if len(list) != each || !slices.IsSorted(list) {
			t.Errorf("sender %d: %d handed back, sorted: %t", i, len(list), slices.IsSorted(list))
		}
	}
}
