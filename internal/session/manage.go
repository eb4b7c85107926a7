package session

import (
	"strconv"
	"time"

	"parley/internal/failpoint"
	"parley/internal/module"
	"parley/stanza"
)

// NSManagement is the namespace of stream management (XEP-0198).
const NSManagement = "urn:xmpp:sm:3"

// Management is what XEP-0198 §3 settles for a stream.
type Management struct {
	ID     string        // SM-ID; empty if the stream cannot be resumed
	Resume time.Duration // how long the session waits for that
	// Save makes the number of handled stanzas durable before the client is
	// told it, so that the server can repeat it after a crash. It must not
	// block. nil: the number dies with the server.
	Save func(handled uint32) module.Pending
	// Expired ends a session that was ended or has gathered too much while it
	// had no stream.
	Expired func()
}

// managed is the state of stream management; all of it is guarded by
// Session.mu. Its methods may be called on nil.
type managed struct {
	Management
	enabled []byte // <enabled/>, to be written: what follows it counts
	before  int    // the oldest of held that were written before it
	sent    uint32 // count of stanzas written
	acked   uint32 // of them, those the client has handled
	since   int    // stanzas written since the client was asked
	futile  int    // requests that changed nothing, with no room for more
	inbound inbound
}

// requestEvery is after how many stanzas the client is asked what it has
// handled; the keeper asks for the rest after a while.
const requestEvery = 8

// request is <r/> (XEP-0198 §4).
var request = []byte("<r xmlns='" + NSManagement + "'/>")

// Managed reports whether the client acknowledges stanzas.
func (s *Session) Managed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.managed != nil
}

// Manage begins stream management, once. Stanzas of the client count from now
// on, ours after enabled was written; nil says that the caller writes it before
// Start.
func (s *Session) Manage(m Management, enabled []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.managed != nil {
		return false
	}
	s.managed = &managed{Management: m, enabled: enabled, before: len(s.held)}
	s.asked, s.covered = false, 0
	s.wakeWriter()
	return true
}

// announcement returns <enabled/> if it is to be written.
func (m *managed) announcement() [][]byte {
	if m == nil || m.enabled == nil {
		return nil
	}
	after := [][]byte{m.enabled}
	m.enabled = nil
	return after
}

func (m *managed) hasWork() bool { return m != nil && (m.enabled != nil || m.inbound.answer) }

// Say queues an element of the stream itself, which counts nothing but is bounded
// with the rest: a client may ask for many and not read.
func (s *Session) Say(element []byte) {
	s.mu.Lock()
	s.says = append(s.says, element)
	s.queueBytes += len(element)
	over := s.overflowing()
	s.wakeWriter()
	s.mu.Unlock()
	if over != nil {
		go over()
	}
}

// unsay takes out what Say has queued. mu is held.
func (s *Session) unsay() [][]byte {
	says := s.says
	for _, e := range says {
		s.queueBytes -= len(e)
	}
	s.says = nil
	return says
}

// wrote counts stanzas.
func (m *managed) wrote(n int) {
	m.sent += uint32(n)
	m.since += n
}

// Fresh reports whether something was written since the client was last asked for
// its count.
func (s *Session) Fresh() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.managed != nil && s.managed.since > 0
}

// mayRequest reports whether the client is to be asked for its count.
func (m *managed) mayRequest(s *Session) bool {
	return m != nil && !s.asked && (s.probing || m.since >= requestEvery)
}

// elements is called with mu held. It returns what the stream itself has to say
// after a batch.
func (s *Session) elements() [][]byte {
	m, out := s.managed, s.unsay()
	if m == nil {
		return out
	}
	if m.inbound.answer {
		failpoint.Reach(failpoint.BeforeAck)
		m.inbound.answer = false
		out = append(out, answer(m.inbound.told))
	}
	if m.mayRequest(s) {
		s.probing, s.asked, m.since = false, true, 0
		out = append(out, request)
	}
	return out
}

// answer is <a/> (XEP-0198 §4).
func answer(h uint32) []byte {
	b := append(make([]byte, 0, 48), "<a xmlns='"+NSManagement+"' h='"...)
	b = strconv.AppendUint(b, uint64(h), 10)
	return append(b, "'/>"...)
}

// Ack takes the client's count of what it has handled. The error ends the
// stream: the client acknowledges what it was not sent (XEP-0198 §6).
func (s *Session) Ack(h uint32) *stanza.StreamError {
	arrived, e := s.ack(h)
	delivered(arrived)
	return e
}

func (s *Session) ack(h uint32) ([]*module.Stanza, *stanza.StreamError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.managed
	if m == nil {
		return nil, nil
	}
	n := h - m.acked // XEP-0198 §4: modulo 2^32
	switch {
	case m.overtaken(h):
		return nil, nil
	case n > m.sent-m.acked:
		return nil, tooHigh(h, m.sent)
	}
	s.progress(n)
	arrived := s.unhold(m.before + int(n))
	m.before, m.acked, s.asked = 0, h, false
	m.since = min(m.since, int(m.sent-m.acked))
	s.probing = s.probing && len(s.held) > 0
	s.wakeWriter()
	return arrived, nil
}

// overtaken reports whether h is less than the client has told us before.
func (m *managed) overtaken(h uint32) bool {
	n := h - m.acked
	return n > m.sent-m.acked && n > 1<<31
}

func tooHigh(h, sent uint32) *stanza.StreamError {
	count := func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
	return &stanza.StreamError{
		Condition: stanza.StreamUndefinedCondition,
		Text:      "You acknowledged " + count(h) + " stanzas, but I only sent you " + count(sent) + " so far.",
		App: stanza.New(NSManagement, "handled-count-too-high",
			"h", count(h), "send-count", count(sent)),
	}
}
