package session

import (
	"slices"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// A message belongs to the session until it is known to have arrived: it was
// acknowledged (XEP-0198) or, without stream management, it was written, then
// the client was asked for a sign of life, and it answered (Answered), or the
// stream was closed in order. That the client sends something else proves
// nothing: it may have sent that before.

// Unconfirmed reports whether something was written that is not known to have
// arrived.
func (s *Session) Unconfirmed() bool { return s.holding.Load() }

// Probe asks the client for a sign of life or for an acknowledgement, unless an
// answer is awaited. It does not wait.
func (s *Session) Probe() {
	s.mu.Lock()
	s.probing = true
	s.wakeWriter()
	s.mu.Unlock()
}

// hold is called with mu held, before the batch is written: a client may answer
// before its writer knows that it was sent. When much is unconfirmed the writer
// asks for a sign of life.
func (s *Session) hold(batch []*module.Stanza) {
	before := s.heldBytes
	for _, st := range batch {
		if s.managed != nil || worthHolding(st) {
			s.held = append(s.held, st)
			s.heldBytes += st.Size()
		}
	}
	if s.managed != nil {
		s.managed.wrote(len(batch))
	}
	if before <= s.limits.HeldBytes && s.heldBytes > s.limits.HeldBytes {
		s.probing = true
	}
	s.holding.Store(len(s.held) > 0)
}

// worthHolding reports whether the loss of st would matter: messages, requests
// that need an answer, and what somebody tracks.
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
	oldest := slices.Clone(s.held[:n])
	clear(s.held[:n]) // lets go of them, if not of the array
	if s.held = s.held[n:]; len(s.held) == 0 {
		s.held = nil
	}
	for _, st := range oldest {
		s.heldBytes -= st.Size()
	}
	s.covered = max(0, s.covered-n)
	s.holding.Store(len(s.held) > 0)
	return oldest
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
	if s.managed != nil {
		return nil // it counts
	}
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
	if s.managed != nil {
		return nil // only its count tells
	}
	n := s.covered
	if all {
		n = len(s.held)
	}
	arrived := s.unhold(n)
	s.asked, s.covered = false, 0
	s.wakeWriter()
	return arrived
}
