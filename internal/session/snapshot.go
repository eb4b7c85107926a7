package session

import (
	"slices"

	"parley/internal/module"
)

// Snapshot is a session without its stream, to be written down.
type Snapshot struct {
	Info
	Acked    uint32           // stanzas that the client has handled
	Handled  uint32           // stanzas of the client that were handled
	Held     []*module.Stanza // what was written and not acknowledged, in order
	Before   int              // how many of Held do not count (Manage)
	Queue    []*module.Stanza // what was not written
	Presence *module.Availability
}

// Freezable reports whether Freeze would succeed.
func (s *Session) Freezable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.freezable()
}

// freezable is called with mu held.
func (s *Session) freezable() bool {
	return s.detached && !s.ending && !s.closing.Load() && len(s.managed.inbound.open) == 0 && s.managed.inbound.rides == 0
}

// Freeze ends a detached session whose snapshot is to outlive the server: what
// it is sent from now on is handed back, what it holds is not. ok is false if
// the session has a stream or has ended.
func (s *Session) Freeze() (snapshot Snapshot, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.freezable() {
		return Snapshot{}, false
	}
	s.closing.Store(true)
	s.drained = true
	s.flushPostponed()
	return Snapshot{
		Info:     Info{JID: s.jid, Secure: s.Secure(), RemoteAddr: s.RemoteAddr()},
		Acked:    s.managed.acked,
		Handled:  s.managed.inbound.handled,
		Held:     slices.Clone(s.held),
		Before:   s.managed.before,
		Queue:    slices.Clone(s.queue),
		Presence: s.Presence(),
	}, true
}

// Restore makes a detached session of a snapshot, whose Info has what New needs.
func Restore(snapshot Snapshot, limits Limits, m Management) *Session {
	s := New(snapshot.Info, nil, limits)
	s.writing, s.detached = false, true
	s.client = &clientState{detached: true}
	s.managed = &managed{Management: m, sent: snapshot.Acked, acked: snapshot.Acked, before: snapshot.Before}
	s.managed.inbound = inbound{received: snapshot.Handled, handled: snapshot.Handled, stored: snapshot.Handled}
	s.SetPresence(snapshot.Presence)
	s.hold(snapshot.Held)
	s.managed.sent -= uint32(snapshot.Before)
	for _, st := range snapshot.Queue {
		s.enqueue(st)
	}
	return s
}

// Unacknowledged returns what the client was sent, or is to be sent, and has not
// acknowledged, in order.
func (s *Session) Unacknowledged() []*module.Stanza {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.held, s.queue)
}
