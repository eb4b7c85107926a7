package c2s

import (
	"time"

	"parley/internal/module"
	"parley/internal/session"
	"parley/stanza"
)

// stream is a Conn as its session sees it.
type stream Conn

var _ session.Stream = (*stream)(nil)

// WriteStanzas implements session.Stream.
func (s *stream) WriteStanzas(batch []*module.Stanza, after ...[]byte) error {
	return s.transport.writeStanzas(batch, after...)
}

// WriteEnd implements session.Stream. The client has a little time to close its
// side: then all that was written has arrived.
func (s *stream) WriteEnd(e *stanza.StreamError) {
	(*Conn)(s).writeEnd(e)
	grace := closeGrace
	if e != nil && e.Condition == stanza.StreamConflict {
		grace = conflictGrace
	}
	s.transport.wake(time.Now().Add(grace))
}

// conflictGrace is shorter than closeGrace: the new session waits, and mostly
// the client has lost the old connection.
const conflictGrace = time.Second

// Hurry implements session.Stream.
func (s *stream) Hurry() { s.transport.boundWrites(time.Now().Add(closeGrace)) }

// Abort implements session.Stream.
func (s *stream) Abort() { s.transport.abort() }

// Unacked implements session.Stream.
func (s *stream) Unacked() int {
	if s.peer.Proxied {
		return -1
	}
	return s.transport.unacked()
}

// Probe implements session.Stream.
func (s *stream) Probe() {
	if self := s.session.Load(); self != nil {
		token := pingToken(s.pings.Add(1))
		_ = s.transport.ping(s.server.Domain.String(), self.JID().String(), token) // its failure shows in reading
	}
}
