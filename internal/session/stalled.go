package session

import (
	"strconv"

	"parley/stanza"
)

// maxFutile is how many requests in a row a client may answer with the same count
// while nothing more may be written to it. It read each of them after everything
// it had been sent, so that many later it has miscounted; the keeper asks every
// other second. Otherwise both sides would wait for ever.
const maxFutile = 30

// progress is called with mu held, when the client has told its count: n more
// than before.
func (s *Session) progress(n uint32) {
	m := s.managed
	switch {
	case n > 0:
		m.futile = 0
	case s.asked && len(s.queue) > 0 && s.room() == 0:
		m.futile++
	}
	if m.futile >= maxFutile && !s.ending {
		s.stalled()
	}
}

// stalled is called with mu held. It ends a session whose client will never
// acknowledge what it was sent (XEP-0198 §4).
func (s *Session) stalled() {
	m := s.managed
	s.log.Warn("session ended: its client does not acknowledge what it was sent", "jid", s.jid.String(), "n", len(s.held))
	s.full = true
	s.end(&stanza.StreamError{
		Condition: stanza.StreamPolicyViolation,
		Text: "You were sent " + strconv.FormatUint(uint64(m.sent), 10) + " stanzas and keep acknowledging " +
			strconv.FormatUint(uint64(m.acked), 10) + ".",
	})
}
