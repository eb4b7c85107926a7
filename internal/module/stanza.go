package module

import (
	"bytes"

	"parley/internal/jid"
	"parley/stanza"
)

// Stanza is a message, presence or IQ on its way through the server. Its
// payload is canonical: it may stand verbatim inside a start tag whose only
// namespace declaration is xmlns='jabber:client'.
type Stanza struct {
	Kind     stanza.Kind
	From, To jid.JID // From is stamped by the server; To is zero when absent
	ID       string
	Type     string // empty when absent
	Lang     string
	Payload  []byte         // everything between start and end tag
	Children []stanza.Child // the payload's elements; ranges in Payload

	// Track, if not nil, learns what became of a stanza given to Session.Send.
	Track Tracker

	borrowed bool // Payload belongs to a reader's buffer
}

// Tracker learns the fate of one stanza. For each session that it is sent to,
// exactly one of Delivered and Undelivered is called, once, from any goroutine;
// they must not block.
type Tracker interface {
	// Takes reports whether st may go straight to s. If not, the tracker brings
	// it to s by itself, in its order, and may keep st for that. It may be asked
	// twice.
	Takes(s Session, st *Stanza) bool
	// Sent says, before it is sent, to how many sessions st goes.
	Sent(n int)
	// Delivered: a session's client has acknowledged it (XEP-0198) or, without
	// stream management, it was written to a connection that was seen alive
	// afterwards.
	Delivered(st *Stanza)
	// Undelivered: a session ended first.
	Undelivered(st *Stanza)
}

// NewStanza returns a stanza with the given payload elements.
func NewStanza(kind stanza.Kind, typ string, from, to jid.JID, payload ...*stanza.Element) *Stanza {
	st := &Stanza{Kind: kind, Type: typ, From: from, To: to}
	st.Append(payload...)
	return st
}

// Borrow marks the payload as a reader's: valid only until the reader has
// handled the stanza. Own undoes it.
func (st *Stanza) Borrow() *Stanza {
	st.borrowed = true
	return st
}

// Own makes the payload independent of the reader's buffer, copying it at most
// once. Whoever keeps a stanza longer than a handler runs must call it.
func (st *Stanza) Own() *Stanza {
	if !st.borrowed {
		return st
	}
	size := len(st.Payload)
	for i := range st.Children {
		size += len(st.Children[i].Space) + len(st.Children[i].Local)
	}
	buf := append(make([]byte, 0, size), st.Payload...)
	st.Payload = buf[:len(buf):len(buf)]
	children := make([]stanza.Child, len(st.Children))
	copy(children, st.Children)
	for i := range children {
		// The names may point into the old buffer outside the payload.
		buf, children[i].Space = keep(buf, children[i].Space)
		buf, children[i].Local = keep(buf, children[i].Local)
	}
	st.Children, st.borrowed = children, false
	return st
}

// keep appends a name to a buffer and returns it as part of that.
func keep(buf, name []byte) (all, kept []byte) {
	start := len(buf)
	buf = append(buf, name...)
	return buf, buf[start:len(buf):len(buf)]
}

// For returns a copy of st addressed to to, sharing the payload. The copy has
// no Tracker.
func (st *Stanza) For(to jid.JID) *Stanza {
	st.Own()
	c := *st
	c.To, c.Track = to, nil
	return &c
}

// Child returns the first payload element of that name, or nil.
func (st *Stanza) Child(space, local string) *stanza.Child {
	for i := range st.Children {
		if c := &st.Children[i]; string(c.Local) == local && string(c.Space) == space {
			return c
		}
	}
	return nil
}

// Has reports whether there is a payload element of that name.
func (st *Stanza) Has(space, local string) bool { return st.Child(space, local) != nil }

// Element returns the first payload element of that name as a tree, or nil.
func (st *Stanza) Element(space, local string) *stanza.Element {
	c := st.Child(space, local)
	if c == nil {
		return nil
	}
	return st.parse(*c)
}

// First returns the first payload element as a tree, or nil.
func (st *Stanza) First() *stanza.Element {
	if len(st.Children) == 0 {
		return nil
	}
	return st.parse(st.Children[0])
}

func (st *Stanza) parse(c stanza.Child) *stanza.Element {
	e, err := stanza.Parse(st.Payload[c.Start:c.End])
	if err != nil {
		return nil // cannot happen: the payload is canonical
	}
	return e
}

// Append adds elements to the end of the payload. The payload slice that other
// stanzas may share is not changed.
func (st *Stanza) Append(elements ...*stanza.Element) *Stanza {
	if len(elements) == 0 {
		return st
	}
	payload := bytes.Clone(st.Payload)
	children := append([]stanza.Child(nil), st.Children...)
	for _, e := range elements {
		start := len(payload)
		payload = e.Append(payload, stanza.NSClient)
		children = append(children, stanza.Child{
			Space: []byte(e.Space), Local: []byte(e.Local), Start: start, End: len(payload),
		})
	}
	st.Payload, st.Children, st.borrowed = payload, children, false
	return st
}

// ElementAt returns the i-th payload element as a tree.
func (st *Stanza) ElementAt(i int) *stanza.Element { return st.parse(st.Children[i]) }

// Strip removes every payload element for whose index drop returns true,
// without changing slices that others share.
func (st *Stanza) Strip(drop func(i int) bool) *Stanza {
	keep := make([]bool, len(st.Children))
	all := true
	for i := range st.Children {
		keep[i] = !drop(i)
		all = all && keep[i]
	}
	if all {
		return st
	}
	payload := make([]byte, 0, len(st.Payload))
	children := make([]stanza.Child, 0, len(st.Children))
	at := 0
	for i, c := range st.Children {
		payload = append(payload, st.Payload[at:c.Start]...) // text between elements
		at = c.End
		if !keep[i] {
			continue
		}
		start := len(payload)
		payload = append(payload, st.Payload[c.Start:c.End]...)
		children = append(children, stanza.Child{
			Space: bytes.Clone(c.Space), Local: bytes.Clone(c.Local), Start: start, End: len(payload),
		})
	}
	st.Payload, st.Children, st.borrowed = append(payload, st.Payload[at:]...), children, false
	return st
}

// AppendTo writes the stanza as it goes over the wire.
func (st *Stanza) AppendTo(dst []byte) []byte {
	dst = stanza.AppendStart(dst, st.Kind, st.From.String(), st.To.String(), st.ID, st.Type, st.Lang)
	dst = append(dst, st.Payload...)
	return stanza.AppendEnd(dst, st.Kind)
}

// Size estimates the bytes that the stanza takes in a queue.
func (st *Stanza) Size() int {
	const tags = 80
	return tags + len(st.Payload) + len(st.From.String()) + len(st.To.String()) + len(st.ID)
}

// IsError reports whether st is of type "error".
func (st *Stanza) IsError() bool { return st.Type == "error" }

// Bounce returns the error answer to st: addresses swapped, same id, the
// original payload left out (RFC 6120 §8.3.1 makes it optional). It returns
// nil where an answer is forbidden: to errors and IQ results (RFC 6120 §8.3.1).
func (st *Stanza) Bounce(e *stanza.Error) *Stanza {
	if st.IsError() || st.Kind == stanza.IQ && st.Type == "result" {
		return nil
	}
	answer := NewStanza(st.Kind, "error", st.To, st.From, e.Element())
	answer.ID, answer.Lang = st.ID, st.Lang
	return answer
}
