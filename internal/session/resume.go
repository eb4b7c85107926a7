package session

import (
	"slices"

	"parley/stanza"
)

// Detach takes the session's stream away, once its writer has ended, and reports
// whether it may wait for another: not if it was ended meanwhile or holds too
// much. The caller has bounded or aborted what the writer may be doing.
func (s *Session) Detach() bool {
	s.mu.Lock()
	if s.managed == nil || s.ending || s.closing.Load() {
		s.mu.Unlock()
		return false
	}
	s.detached = true
	s.mu.Unlock()
	s.writersDone.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stream, s.broken, s.writing, s.asked, s.probing = nil, false, false, false, false
	s.managed.inbound.asked, s.managed.inbound.answer = false, false
	s.managed.futile = 0
	s.unsay() // what the old stream was to be told
	if s.client == nil {
		s.client = new(clientState) // nobody looks: the latest presence is enough
	}
	s.client.detached = true
	if !s.ending {
		s.overflowing() // the caller ends it
	}
	return !s.ending
}

// Detached reports whether the session has no stream.
func (s *Session) Detached() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.detached
}

// detachedOverflow is called with mu held.
func (s *Session) detachedOverflow(bytes int) func() {
	count := len(s.held) - s.managed.before + len(s.queue) + s.client.count()
	if (s.limits.Unacked <= 0 || count <= s.limits.Unacked) && (s.limits.QueueBytes <= 0 || bytes <= s.limits.QueueBytes) {
		return nil
	}
	s.log.Info("detached session ended: too much waits for it", "jid", s.jid.String(), "n", count)
	s.end(nil)
	return s.managed.Expired
}

// Attach gives the session a new stream, whose client has handled h of what it
// was sent. What it has not is to be sent again, in order, before anything new;
// nothing is written before Start. The error is that of Ack, and leaves the
// session detached; ok is false if the session has ended or the client has
// forgotten what it acknowledged: that is gone, and the counts would differ from
// then on.
func (s *Session) Attach(stream Stream, h uint32, secure bool, addr string) (ok bool, e *stanza.StreamError) {
	if s.ackedBeyond(h) {
		return false, nil
	}
	arrived, e := s.ack(h)
	delivered(arrived)
	if e != nil {
		return false, e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending || s.closing.Load() || !s.detached {
		return false, nil
	}
	s.peer.Store(&peer{secure, addr})
	s.requeue()
	s.flushPostponed()
	s.client = nil // XEP-0352 §5.3: a resumed client is active
	s.stream, s.detached, s.writing = stream, false, true
	return true, nil
}

// ackedBeyond reports whether the client has acknowledged more than h before.
func (s *Session) ackedBeyond(h uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.managed != nil && s.managed.overtaken(h)
}

// requeue is called with mu held: what was written and not acknowledged goes
// back to the head of the queue.
func (s *Session) requeue() {
	s.queue = slices.Concat(s.held, s.queue)
	s.queueBytes += s.heldBytes
	s.held, s.heldBytes, s.covered = nil, 0, 0
	s.managed.sent, s.managed.since = s.managed.acked, 0
	s.holding.Store(false)
}
