// Package session is one bound resource (RFC 6120 §7): the queue of stanzas on
// their way to a client, and what the server knows about that client.
//
// Anybody may Send; it appends and never waits. A writer goroutine exists only
// while there is something to write: it drains the whole queue into one write
// of the stream, goes on while there is more, and ends. So an idle session
// costs no writer, and a burst costs few system calls.
//
// A message belongs to the session until it is known to have arrived: it was
// written, then the client was asked for a sign of life, and it answered
// (Answered), or the stream was closed in order. That the client sends something
// else proves nothing: it may have sent that before. What is left when the
// session ends is handed back (Close) and goes to the account's other sessions
// or to offline storage.
package session

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// Stream is the connection under a session. One goroutine at a time calls it.
type Stream interface {
	// WriteStanzas writes the batch in as few system calls as it can. After an
	// error nothing more is written.
	WriteStanzas(batch []*module.Stanza) error
	// WriteEnd writes the stream error, if there is one, closes the stream
	// (RFC 6120 §4.4) and makes the reader end.
	WriteEnd(*stanza.StreamError)
	// Abort cuts the connection without another word; any goroutine may call it.
	Abort()
	// Unacked returns how many written bytes the client's machine has not
	// acknowledged; -1 if nobody knows.
	Unacked() int
	// Probe asks the client for a sign of life, which leads to Answered.
	Probe()
	// Hurry bounds the time that writing may take from now on, because the
	// stream is to end; any goroutine may call it, and it does not wait.
	Hurry()
}

// Limits bound what one session may hold.
type Limits struct {
	QueueBytes int // bytes waiting to be written; more ends the session. 0: no limit
	HeldBytes  int // bytes written but unconfirmed; more asks for a sign of life at once
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
}

// Session implements module.Session.
type Session struct {
	module.Values
	Info // fixed after New

	stream   Stream
	limits   Limits
	presence atomic.Pointer[module.Availability]
	holding  atomic.Bool // held is not empty

	mu          sync.Mutex
	queue       []*module.Stanza    // guarded by mu: to be written
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
	writersDone sync.WaitGroup
}

var _ module.Session = (*Session)(nil)

// New returns a session that queues but does not write before Start.
func New(info Info, stream Stream, limits Limits) *Session {
	return &Session{Info: info, stream: stream, limits: limits, writing: true}
}

// Start lets the writer run: the client has been told its full JID.
func (s *Session) Start() {
	s.mu.Lock()
	s.writing = false
	s.wakeWriter()
	s.mu.Unlock()
}

// JID returns the full JID.
func (s *Session) JID() jid.JID { return s.Info.JID }

// Secure reports whether the stream is under TLS or comes from loopback.
func (s *Session) Secure() bool { return s.Info.Secure }

// Managed reports whether the client acknowledges stanzas (XEP-0198).
func (s *Session) Managed() bool { return false }

// RemoteAddr returns the client's address, for logs and limits.
func (s *Session) RemoteAddr() string { return s.Info.RemoteAddr }

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
		s.Undelivered(st)
		return
	}
	s.queue = append(s.queue, st)
	s.queueBytes += st.Size()
	if s.limits.QueueBytes > 0 && s.queueBytes > s.limits.QueueBytes && !s.ending {
		s.tooSlow(s.queueBytes)
	}
	s.wakeWriter()
	s.mu.Unlock()
}

// tooSlow is called with mu held.
func (s *Session) tooSlow(n int) {
	s.Log.Warn("session ended: its client reads too slowly", "jid", s.Info.JID.String(), "n", n)
	s.full = true
	s.end(&stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: "outbound queue is full"})
}

// End closes the stream with e, or without an error if e is nil, after what is
// queued has been written. It does not wait, and only the first call counts.
func (s *Session) End(e *stanza.StreamError) {
	s.mu.Lock()
	s.end(e)
	s.wakeWriter()
	s.mu.Unlock()
}

// Unconfirmed reports whether something was written that is not known to have
// arrived.
func (s *Session) Unconfirmed() bool { return s.holding.Load() }

// Revoked reports whether the session was ended because its client may not be
// here any more: what it still sends is not handled.
func (s *Session) Revoked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending && s.endError != nil && s.endError.Condition == stanza.StreamNotAuthorized
}

// Probe asks the client for a sign of life, unless an answer is awaited. It does
// not wait.
func (s *Session) Probe() {
	s.mu.Lock()
	s.probing = true
	s.wakeWriter()
	s.mu.Unlock()
}

// end is called with mu held.
func (s *Session) end(e *stanza.StreamError) {
	if !s.ending {
		s.ending, s.endError = true, e
		s.stream.Hurry()
	}
}

// wakeWriter starts a writer if there is work and none runs. mu is held.
func (s *Session) wakeWriter() {
	if s.writing || s.broken || s.closing.Load() || len(s.queue) == 0 && !s.ending && !s.mayProbe() {
		return
	}
	s.writing = true
	s.writersDone.Add(1)
	go s.write()
}

// mayProbe is called with mu held. One question at a time is open.
func (s *Session) mayProbe() bool { return s.probing && !s.asked }

// write drains the queue and ends. It is the only one to write to the stream
// while it runs.
func (s *Session) write() {
	defer s.writersDone.Done()
	var batch []*module.Stanza
	for {
		var what work
		switch batch, what = s.take(batch); what {
		case workWrite:
			err := s.stream.WriteStanzas(batch)
			s.written(err)
			if err != nil {
				s.stream.Abort()
				return // writing stays true: nothing may be written after this
			}
		case workProbe:
			s.stream.Probe()
		case workEnd:
			s.stream.WriteEnd(s.endError) // fixed since ending was set
			return                        // here too
		case workNone:
			return
		}
	}
}

// work is what a writer does next.
type work uint8

const (
	workNone work = iota
	workWrite
	workProbe
	workEnd
)

// take says what to do next; for workWrite it moves the queue to the writer,
// giving it the writer's old slice.
func (s *Session) take(spare []*module.Stanza) ([]*module.Stanza, work) {
	clear(spare)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.full:
		return spare, workEnd // what is queued is not for this client any more
	case len(s.queue) > 0:
		batch := s.queue
		s.queue, s.queueBytes = spare[:0], 0
		s.hold(batch)
		return batch, workWrite
	case s.ending:
		return spare, workEnd
	case s.mayProbe():
		s.probing, s.asked, s.covered = false, true, len(s.held)
		return spare, workProbe
	}
	s.writing, s.queue = false, nil // an idle session keeps no queue
	return nil, workNone
}

// hold is called with mu held, before the batch is written: a client may answer
// a request before its writer knows that it was sent. When much is unconfirmed
// the writer asks for a sign of life.
func (s *Session) hold(batch []*module.Stanza) {
	before := s.heldBytes
	for _, st := range batch {
		if worthHolding(st) {
			s.held = append(s.held, st)
			s.heldBytes += st.Size()
		}
	}
	if before <= s.limits.HeldBytes && s.heldBytes > s.limits.HeldBytes {
		s.probing = true
	}
	s.holding.Store(len(s.held) > 0)
}

// written books what became of a batch.
func (s *Session) written(err error) { delivered(s.afterWrite(err)) }

// afterWrite returns what is held no longer: there is a limit for clients that
// never answer a ping, too.
func (s *Session) afterWrite(err error) (oldest []*module.Stanza) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.broken = true
		s.Log.Debug("session write failed", "jid", s.Info.JID.String(), "err", err)
	} else if s.limits.QueueBytes > 0 && s.heldBytes > s.limits.QueueBytes {
		oldest = s.overLimit()
	}
	return oldest
}

// overLimit is called with mu held. What the client's machine has acknowledged
// is taken for delivered, oldest first; if it has not even acknowledged what may
// be held, the client does not read.
func (s *Session) overLimit() []*module.Stanza {
	if s.stream.Unacked() > s.limits.QueueBytes {
		s.tooSlow(s.heldBytes)
		return nil
	}
	n := 0
	for bytes := s.heldBytes; bytes > s.limits.QueueBytes; n++ {
		bytes -= s.held[n].Size()
	}
	return s.unhold(n)
}

// unhold is called with mu held. It returns the n oldest of what was held.
func (s *Session) unhold(n int) []*module.Stanza {
	if n == 0 {
		return nil
	}
	oldest := s.held[:n:n]
	s.held = append([]*module.Stanza(nil), s.held[n:]...) // lets go of the old array
	for _, st := range oldest {
		s.heldBytes -= st.Size()
	}
	s.covered = max(0, s.covered-n)
	s.holding.Store(len(s.held) > 0)
	return oldest
}

// worthHolding reports whether the loss of st would matter: messages that
// offline storage would take, requests that need an answer, and what somebody
// tracks.
func worthHolding(st *module.Stanza) bool {
	switch {
	case st.Track != nil:
		return true
	case st.Kind == stanza.Message:
		return st.Type != "error" && st.Type != "headline" && st.Type != "groupchat"
	case st.Kind == stanza.IQ:
		return st.Type == "get" || st.Type == "set"
	}
	return false
}

// Answered says that the client has answered the last Probe: what had been
// written before it has arrived.
func (s *Session) Answered() { delivered(s.release(false)) }

// Alive says that everything written so far has arrived.
func (s *Session) Alive() { delivered(s.release(true)) }

// AnsweredRequest says that the client has answered the request of asker with
// that id, so that nobody else must: it has arrived, and what was written
// before it.
func (s *Session) AnsweredRequest(asker jid.JID, id string) {
	if s.Unconfirmed() {
		delivered(s.releaseRequest(asker, id))
	}
}

func (s *Session) releaseRequest(asker jid.JID, id string) []*module.Stanza {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unhold(1 + slices.IndexFunc(s.held, func(st *module.Stanza) bool {
		return st.Kind == stanza.IQ && st.ID == id && st.From == asker
	}))
}

func delivered(arrived []*module.Stanza) {
	for _, st := range arrived {
		if st.Track != nil {
			st.Track.Delivered(st)
		}
	}
}

// release takes what has arrived out of held, and goes on asking if that was
// wanted meanwhile.
func (s *Session) release(all bool) []*module.Stanza {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.covered
	if all {
		n = len(s.held)
	}
	arrived := s.unhold(n)
	s.asked, s.covered = false, 0
	s.wakeWriter()
	return arrived
}

// Close ends the session's life after its stream has ended, once the writer has
// ended. What did not arrive goes to Info.Undelivered, in order, together with
// what others still send meanwhile: the session stays in the table until
// everything has been handed back, so that nothing overtakes. orderly says that
// the client closed the stream, so that what was written has been read. It must
// be called once, before Leave.
func (s *Session) Close(orderly bool) {
	s.Stop()
	if orderly && !s.isBroken() {
		s.Alive()
	}
	for {
		s.mu.Lock()
		left := append(s.held, s.queue...)
		s.held, s.queue, s.queueBytes, s.heldBytes = nil, nil, 0, 0
		s.drained = len(left) == 0
		s.mu.Unlock()
		if len(left) == 0 {
			return
		}
		for _, st := range left {
			s.Undelivered(st)
		}
	}
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
