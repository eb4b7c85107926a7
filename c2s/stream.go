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
func (s *stream) WriteStanzas(batch []*module.Stanza) error { return s.transport.writeStanzas(batch) }

// WriteEnd implements session.Stream. The client has closeGrace to close its
// side.
func (s *stream) WriteEnd(e *stanza.StreamError) {
	(*Conn)(s).writeEnd(e)
	s.transport.wake(time.Now().Add(closeGrace))
}

// Abort implements session.Stream.
func (s *stream) Abort() { s.transport.abort() }

// Probe implements session.Stream.
func (s *stream) Probe() {
	if self := s.session.Load(); self != nil {
		_ = s.transport.ping(s.server.Domain.String(), self.JID().String()) // its failure shows in reading
	}
}
