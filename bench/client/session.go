package client

import (
	"bytes"
	"fmt"
	"time"

	"parley/bench/wire"
)

// Session is a user who is logged in. One goroutine calls Next and what waits
// for an answer; any may send.
type Session struct {
	Conn *wire.Conn
	JID  string // full
	Bare string

	pong    []byte // owned by the reader
	managed managed
}

func newSession(conn *wire.Conn, jid string) *Session {
	i := bytes.IndexByte([]byte(jid), '/')
	return &Session{Conn: conn, JID: jid, Bare: jid[:i]}
}

// Kind is the kind of a stanza.
type Kind uint8

// The kinds. Ack is an acknowledgement (XEP-0198 §4), Other anything else that
// is no stanza.
const (
	Other Kind = iota
	Message
	Presence
	IQ
	Ack
)

// Stanza is one that has arrived. Its bytes are valid until the next one.
type Stanza struct {
	Kind Kind
	Raw  []byte
}

// Attr returns an attribute of the stanza itself, nil if it has none.
func (s Stanza) Attr(name string) []byte { return wire.Attr(s.Raw, name) }

// Refused is an error stanza, which no load should meet.
type Refused struct{ Stanza string }

// Error implements error.
func (r *Refused) Error() string { return "the server refuses a stanza: " + r.Stanza }

// Next waits for the next stanza. Pings and roster pushes are answered, and
// errors come as such.
func (s *Session) Next() (Stanza, error) {
	for {
		raw, err := s.Conn.Next()
		if err != nil {
			return Stanza{}, fmt.Errorf("%s: %w", s.JID, err)
		}
		st := Stanza{Kind: kind(raw), Raw: raw}
		if s.managed.on {
			if err := s.manage(st); err != nil {
				return Stanza{}, fmt.Errorf("%s: %w", s.JID, err)
			}
		}
		switch {
		case s.managed.on && wire.Is(raw, "r"):
		case s.managed.on && wire.Is(raw, "a"):
			return Stanza{Kind: Ack, Raw: raw}, nil
		case st.Kind == Other:
			return Stanza{}, fmt.Errorf("%s: the server sends %s", s.JID, raw)
		case st.Kind == IQ && wantsAnswer(st):
			if err := s.answer(st); err != nil {
				return Stanza{}, fmt.Errorf("%s: %w", s.JID, err)
			}
		case st.Kind != IQ && string(st.Attr("type")) == "error":
			return Stanza{}, fmt.Errorf("%s: %w", s.JID, &Refused{string(raw)})
		default:
			return st, nil
		}
	}
}

func kind(raw []byte) Kind {
	switch {
	case wire.Is(raw, "message"):
		return Message
	case wire.Is(raw, "presence"):
		return Presence
	case wire.Is(raw, "iq"):
		return IQ
	}
	return Other
}

// wantsAnswer: pings (XEP-0199 §4.1) and roster pushes (RFC 6121 §2.1.6) do.
func wantsAnswer(st Stanza) bool {
	switch string(st.Attr("type")) {
	case "get":
		return bytes.Contains(st.Raw, []byte("urn:xmpp:ping"))
	case "set":
		return bytes.Contains(st.Raw, []byte("jabber:iq:roster"))
	}
	return false
}

func (s *Session) answer(st Stanza) error {
	b := append(s.pong[:0], "<iq"...)
	b = append(b, s.Conn.Namespace()...)
	b = append(b, " type='result' id='"...)
	b = append(b, st.Attr("id")...)
	if from := st.Attr("from"); from != nil {
		b = append(b, "' to='"...)
		b = append(b, from...)
	}
	s.pong = append(b, "'/>"...)
	return s.Conn.Send(s.pong)
}

// SendPresence sends a presence with the given inside; none makes it the plain
// one that says "available".
func (s *Session) SendPresence(inside string) error {
	return s.Conn.Send([]byte("<presence" + s.Conn.Namespace() + ">" + inside + "</presence>"))
}

// Ask sends a request to the server and waits for its answer, which may be an
// error. Everything that comes before goes to other; nil: it is thrown away.
func (s *Session) Ask(typ, id, payload string, other func(Stanza) error) (Stanza, error) {
	err := s.Conn.Send([]byte("<iq" + s.Conn.Namespace() + " type='" + typ + "' id='" + id + "'>" + payload + "</iq>"))
	if err != nil {
		return Stanza{}, fmt.Errorf("%s: %w", s.JID, err)
	}
	for {
		st, err := s.Next()
		switch {
		case err != nil:
			return Stanza{}, err
		case st.Kind == IQ && string(st.Attr("id")) == id:
			return st, nil
		case other == nil:
			continue
		}
		if err := other(st); err != nil {
			return Stanza{}, err
		}
	}
}

// Fence returns when the server has handled what was sent before and everything
// it had for this session has been read: stanzas go to other meanwhile.
func (s *Session) Fence(other func(Stanza) error) error {
	_, err := s.Ask("get", "fence", "<ping xmlns='urn:xmpp:ping'/>", other)
	return err
}

// End logs out in order.
func (s *Session) End(deadline time.Time) error {
	s.Conn.Deadline(deadline)
	if err := s.Conn.End(); err != nil {
		return fmt.Errorf("%s: logging out: %w", s.JID, err)
	}
	return nil
}
