package client

import (
	"fmt"
	"strconv"

	"parley/bench/wire"
)

const nsManagement = "urn:xmpp:sm:3"

// managed is a session's side of stream management (XEP-0198), without
// resumption.
type managed struct {
	on      bool   // owned by the reader
	handled uint32 // stanzas received; owned by the reader
}

// Manage turns stream management on (XEP-0198 §3).
func (s *Session) Manage() error {
	if err := s.Conn.Send([]byte("<enable xmlns='" + nsManagement + "'/>")); err != nil {
		return fmt.Errorf("%s: %w", s.JID, err)
	}
	for {
		answer, err := s.Conn.Next()
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", s.JID, err)
		case kind(answer) == Presence:
			continue // of others: what is sent before is not counted
		case !wire.Is(answer, "enabled"):
			return fmt.Errorf("%s: the server does not manage the stream: %s", s.JID, answer)
		}
		s.managed.on = true
		return nil
	}
}

// RequestAck asks how much has been handled (XEP-0198 §4). The answer is an Ack.
func (s *Session) RequestAck() error {
	if err := s.Conn.Send([]byte("<r xmlns='" + nsManagement + "'/>")); err != nil {
		return fmt.Errorf("%s: %w", s.JID, err)
	}
	return nil
}

// manage counts a stanza, or answers a request for the count.
func (s *Session) manage(st Stanza) error {
	if st.Kind != Other {
		s.managed.handled++
		return nil
	}
	if !wire.Is(st.Raw, "r") {
		return nil
	}
	return s.Conn.Send([]byte("<a xmlns='" + nsManagement + "' h='" + strconv.FormatUint(uint64(s.managed.handled), 10) + "'/>"))
}

// Acked is how many of our stanzas an Ack says were handled.
func (st Stanza) Acked() (uint32, error) {
	n, err := strconv.ParseUint(string(st.Attr("h")), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("the server sends %s", st.Raw)
	}
	return uint32(n), nil
}
