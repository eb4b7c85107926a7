package session

// CountFrom makes both counts of stream management start at n.
func (s *Session) CountFrom(n uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.managed
	m.sent, m.acked = n, n
	m.inbound.received, m.inbound.handled, m.inbound.stored = n, n, n
}
