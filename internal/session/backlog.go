package session

// Backlog is how many bytes wait for the client, as Limits.QueueBytes counts
// them. A feature that answers with much looks at it first.
func (s *Session) Backlog() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting()
}

// waiting is called with mu held.
func (s *Session) waiting() int {
	if s.managed == nil {
		return s.queueBytes
	}
	return s.queueBytes + s.heldBytes + s.client.bytes()
}
