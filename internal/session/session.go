// Package session is one bound resource (RFC 6120 §7): the queue of stanzas on
// their way to a client, and what the server knows about that client.
//
// Anybody may Send; it appends and never waits. A writer goroutine exists only
// while there is something to write: it drains the whole queue into one write
// of the stream, goes on while there is more, and ends. So an idle session
// costs no writer, and a burst costs few system calls.
//
// What was written belongs to the session until it is known to have arrived
// (held.go). Under stream management (manage.go, XEP-0198) the client says so by
// counting, what it sends is counted as handled when it is stored (handled.go),
// and the session outlives its stream (resume.go). A client that nobody looks
// at gets what matters and the rest later (clientstate.go, XEP-0352).
//
// What is left when the session ends is handed back (Close) and goes to the
// account's other sessions or waits in storage.
package session

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// Stream is the connection under a session. One goroutine at a time calls it.
type Stream interface {
	// WriteStanzas writes the batch, and then elements of the stream itself, in
	// as few system calls as it can. After an error nothing more is written.
	WriteStanzas(batch []*module.Stanza, after ...[]byte) error
	// WriteEnd writes the stream error, if there is one, closes the stream
	// (RFC 6120 §4.4) and makes the reader end.
	WriteEnd(*stanza.StreamError)
	// Abort cuts the connection without another word; any goroutine may call it.
	Abort()
	// Unacked returns how many written bytes the client's machine has not
	// acknowledged; -1 if nobody knows.
	Unacked() int
	// Probe asks the client for a sign of life, which leads to Answered. It is
	// not used under stream management.
	Probe()
	// Hurry bounds the time that writing may take from now on, because the
	// stream is to end; any goroutine may call it, and it does not wait.
	Hurry()
}

// Limits bound what one session may hold.
type Limits struct {
	// QueueBytes is what may wait to be written; more ends the session. Under
	// stream management what is written and not acknowledged counts too. 0: no
	// limit.
	QueueBytes int
	HeldBytes  int // bytes written but unconfirmed; more asks for a sign of life at once
	// Unacked is how many stanzas may be written without being acknowledged
	// (XEP-0198), and how many a session without a stream may hold. 0: no limit.
	Unacked int
}

// Info is what is known of a session when it is bound.
type Info struct {
	JID        jid.JID
	Secure     bool
	RemoteAddr string
	Log        *slog.Logger
	// Undelivered is given what the session could not deliver, in order, with
	// no lock held.
	Undelivered func(*module.Stanza)
	// Writers is shared with other sessions. nil: the session's writer has a
	// goroutine of its own.
	Writers *Writers
}

// Session implements module.Session.
type Session struct {
	module.Values
	jid         jid.JID
	log         *slog.Logger
	undelivered func(*module.Stanza)
	limits      Limits
	writers     *Writers
	behind      *Session // guarded by writers.mu: who is next there

	presence atomic.Pointer[module.Availability]
	peer     atomic.Pointer[peer]
	holding  atomic.Bool // held is not empty

	mu          sync.Mutex
	stream      Stream              // guarded by mu; nil while detached
	queue       []*module.Stanza    // guarded by mu: to be written
	one         [1]*module.Stanza   // guarded by mu: the queue of a session that was idle
	queueBytes  int                 // guarded by mu
	held        []*module.Stanza    // guarded by mu: being written or written, not confirmed
	heldBytes   int                 // guarded by mu
	writing     bool                // guarded by mu: a writer runs, or Start is awaited
	broken      bool                // guarded by mu: a write failed
	probing     bool                // guarded by mu: a sign of life is to be asked for
	asked       bool                // guarded by mu: it was asked for and has not come
	covered     int                 // guarded by mu: how many of held had been written before that
	full        bool                // guarded by mu: the queue is not written any more
	ending      bool                // guarded by mu: End was called
	endError    *stanza.StreamError // guarded by mu until ending is set, then fixed
	closing     atomic.Bool         // set under mu: Close was called
	drained     bool                // guarded by mu: Close has handed back everything
	gone        bool                // guarded by mu: Leave was called
	goneCh      chan struct{}       // guarded by mu: made on demand, closed when gone
	says        [][]byte            // guarded by mu: elements of the stream to be written
	managed     *managed            // guarded by mu; nil without stream management
	detached    bool                // guarded by mu: Detach was called, Attach was not
	client      *clientState        // guarded by mu; nil while the client is active
	writersDone sync.WaitGroup
}

// peer is the client's end of the stream; a resumed session has a new one.
type peer struct {
	secure bool
	addr   string
}

var _ module.Session = (*Session)(nil)

// New returns a session that queues but does not write before Start.
func New(info Info, stream Stream, limits Limits) *Session {
	s := &Session{
		jid: info.JID, log: info.Log, undelivered: info.Undelivered,
		writers: info.Writers, stream: stream, limits: limits, writing: true,
	}
	s.peer.Store(&peer{info.Secure, info.RemoteAddr})
	return s
}

// Start lets the writer run: the client has been told its full JID, or that its
// stream was resumed.
func (s *Session) Start() {
	s.mu.Lock()
	s.writing = false
	s.wakeWriter()
	s.mu.Unlock()
}

// JID returns the full JID.
func (s *Session) JID() jid.JID { return s.jid }

// Secure reports whether the stream is under TLS or comes from loopback.
func (s *Session) Secure() bool { return s.peer.Load().secure }

// RemoteAddr returns the client's address, for logs and limits.
func (s *Session) RemoteAddr() string { return s.peer.Load().addr }

// Presence returns what the session last announced, nil while unavailable.
func (s *Session) Presence() *module.Availability { return s.presence.Load() }

// SetPresence records what the session announces; nil for unavailable.
func (s *Session) SetPresence(a *module.Availability) { s.presence.Store(a) }

// Send queues st; see module.Session.
func (s *Session) Send(st *module.Stanza) {
	st.Own()
	s.mu.Lock()
	if s.drained {
		s.mu.Unlock()
		s.undelivered(st)
		return
	}
	if s.client == nil || !s.client.postpone(st) {
		s.flushPostponed()
		s.enqueue(st)
	}
	over := s.overflowing()
	s.wakeWriter()
	s.mu.Unlock()
	if over != nil {
		go over()
	}
}

// enqueue is called with mu held.
func (s *Session) enqueue(st *module.Stanza) {
	if s.queue == nil && !s.writing { // a writer may still have it
		s.queue = s.one[:0]
	}
	s.queue = append(s.queue, st)
	s.queueBytes += st.Size()
}

// overflowing is called with mu held, after something was queued. It ends a
// session whose client reads too slowly, and returns what ends one that has
// gathered too much while it had no stream.
func (s *Session) overflowing() func() {
	waiting := s.waiting()
	switch {
	case s.ending:
	case s.detached:
		return s.detachedOverflow(waiting)
	case s.limits.QueueBytes > 0 && waiting > s.limits.QueueBytes:
		s.tooSlow(waiting)
	}
	return nil
}

// tooSlow is called with mu held.
func (s *Session) tooSlow(n int) {
	s.log.Warn("session ended: its client reads too slowly", "jid", s.jid.String(), "n", n)
	s.full = true
	s.end(&stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: "outbound queue is full"})
}

// End closes the stream with e, or without an error if e is nil, after what is
// queued has been written. It does not wait, and only the first call counts. A
// session without a stream ends at once.
func (s *Session) End(e *stanza.StreamError) {
	s.mu.Lock()
	first := !s.ending
	s.end(e)
	s.wakeWriter()
	var expire func()
	if first && s.detached {
		expire = s.managed.Expired
	}
	s.mu.Unlock()
	if expire != nil {
		go expire()
	}
}

// Ended reports whether End was called.
func (s *Session) Ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending
}

// Revoked reports whether the session was ended because its client may not be
// here any more: what it still sends is not handled.
func (s *Session) Revoked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending && s.endError != nil && s.endError.Condition == stanza.StreamNotAuthorized
}

// end is called with mu held.
func (s *Session) end(e *stanza.StreamError) {
	if !s.ending {
		s.ending, s.endError = true, e
		if s.stream != nil {
			s.stream.Hurry()
		}
	}
}

// Close ends the session's life after its stream has ended, once the writer has
// ended. What did not arrive is handed back, in order, together with what others
// still send meanwhile: the session stays in the table until everything has been
// handed back, so that nothing overtakes. orderly says that the client closed
// the stream, so that what was written has been read; under stream management
// only what the client has acknowledged has. It must be called once, before
// Leave.
func (s *Session) Close(orderly bool) {
	s.Stop()
	if orderly && !s.isBroken() {
		s.Alive()
	}
	for {
		left := s.takeAll()
		if len(left) == 0 {
			return
		}
		for _, st := range left {
			s.undelivered(st)
		}
	}
}

// takeAll empties the session; once it was empty, it takes nothing any more.
func (s *Session) takeAll() []*module.Stanza {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushPostponed()
	left := append(s.held, s.queue...)
	s.held, s.queue, s.queueBytes, s.heldBytes = nil, nil, 0, 0
	s.drained = len(left) == 0
	return left
}

// Stop lets the writer end, and no other begin: nothing more is written. Close
// does so too.
func (s *Session) Stop() {
	s.mu.Lock()
	s.closing.Store(true)
	s.mu.Unlock()
	s.writersDone.Wait()
}

// Closing reports whether Stop or Close was called: the session takes no new
// stanza for itself.
func (s *Session) Closing() bool { return s.closing.Load() }

func (s *Session) isBroken() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// Leave says that everybody has been told of the session's end.
func (s *Session) Leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	if s.goneCh != nil {
		close(s.goneCh)
	}
}

// Left returns a channel that is closed when Leave has been called.
func (s *Session) Left() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.goneCh == nil {
		s.goneCh = make(chan struct{})
		if s.gone {
			close(s.goneCh)
		}
	}
	return s.goneCh
}
