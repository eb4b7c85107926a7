package c2s

import (
	"context"
	"errors"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/session"
	"parley/stanza"
	"parley/storage"
)

// stanza handles one stanza of a bound client: stamps its sender, reads its
// addressee, and hands it to the router (RFC 6120 §8.1.2.1).
func (c *Conn) stanza(ctx context.Context, v *stanza.View) error {
	if v.Kind == stanza.Other {
		return c.nonza(v)
	}
	if v.Kind == stanza.IQ && (string(v.Type) == "result" || string(v.Type) == "error") {
		c.answered(v.ID) // an error answers a ping too
	}
	s := c.session.Load()
	if s.Revoked() {
		return nil // the stream has ended, the client has not closed its side yet
	}
	st, err := c.accept(v, s.JID())
	var refused *stanza.Error
	switch {
	case errors.As(err, &refused):
		if answer := st.Bounce(refused); answer != nil {
			c.Settle(ctx)
			answer.From = s.JID().Bare()
			s.Send(answer)
		}
		return c.handled(ctx, s, st, outcome{})
	case err != nil:
		return err
	}
	if st.Kind == stanza.IQ && (st.Type == "result" || st.Type == "error") {
		s.AnsweredRequest(st.To, st.ID)
	}
	if waitsForAnswer(st) {
		c.unstored.wait(ctx)
	}
	return c.handled(ctx, s, st, c.route(ctx, s, st))
}

// maxOpen is how many stanzas of one client may wait to be stored before its
// reader does.
const maxOpen = 256

// handled books a stanza that was routed. Its writes go on while the reader does.
func (c *Conn) handled(ctx context.Context, s *session.Session, st *module.Stanza, o outcome) error {
	if s.Managed() {
		s.Handled(o.writes, o.foreign, c.notStored(st))
		if s.Open() < maxOpen {
			return nil
		}
		for _, w := range o.writes {
			_ = storage.Wait(ctx, w) // booked already
		}
		return nil
	}
	c.booked(ctx, st, o.writes)
	return nil
}

// nonza is an element of the stream itself: XEP-0198, XEP-0352.
func (c *Conn) nonza(v *stanza.View) error {
	switch string(v.Space) {
	case session.NSManagement:
		return c.manage(v.Tree())
	case nsClientState:
		return c.clientState(string(v.Local))
	}
	return notAStanza(v)
}

// notAStanza: RFC 6120 §4.9.3.24, and §4.9.3.10 where only the namespace is wrong.
func notAStanza(v *stanza.View) error {
	switch string(v.Local) {
	case "message", "presence", "iq":
		return streamError(stanza.StreamInvalidNamespace, "stanzas are in "+stanza.NSClient)
	}
	return streamError(stanza.StreamUnsupportedStanzaType, "not a stanza")
}

// accept makes the routed stanza out of the view. A *stanza.Error comes with
// the stanza it answers; a *stanza.StreamError ends the stream.
func (c *Conn) accept(v *stanza.View, self jid.JID) (*module.Stanza, error) {
	if err := checkFrom(v, self); err != nil {
		return nil, err
	}
	st := &module.Stanza{Kind: v.Kind, From: self, ID: string(v.ID), Type: known(v.Type), Lang: string(v.Lang)}
	if st.Lang == "" && v.Kind != stanza.IQ {
		st.Lang = c.streamLang() // RFC 6120 §8.1.5
	}
	if v.To != nil {
		to, err := c.to.parse(v.To)
		if err != nil {
			return st, stanza.NewError(stanza.JIDMalformed, "") // §8.3.3.8
		}
		st.To = to
	}
	return st, fillPayload(st, v)
}

// checkFrom: the client may leave out 'from' or give its own address, full or
// bare, and no other (RFC 6120 §8.1.2.1, §4.9.3.9).
func checkFrom(v *stanza.View, self jid.JID) error {
	if v.From == nil || string(v.From) == self.String() {
		return nil
	}
	from, err := jid.Parse(string(v.From))
	if err != nil || from != self && from != self.Bare() {
		return streamError(stanza.StreamInvalidFrom, "'from' is not your address")
	}
	return nil
}

// fillPayload gives st the payload bytes: as they came if they may stand
// anywhere, else rebuilt by the writer.
func fillPayload(st *module.Stanza, v *stanza.View) error {
	if v.Canonical {
		st.Payload, st.Children = v.Payload, v.Children
		st.Borrow()
		return nil
	}
	payload := v.AppendPayload(nil)
	children, err := stanza.ScanPayload(payload, nil)
	if err != nil {
		return err
	}
	st.Payload, st.Children = payload, children
	return nil
}

// known returns the usual types without allocating.
func known(t []byte) string {
	for _, k := range [...]string{"", "chat", "get", "set", "result", "error", "groupchat", "unavailable", "normal", "headline"} {
		if string(t) == k {
			return k
		}
	}
	return string(t)
}

// streamLang is the language of the stream if the client gave one.
func (c *Conn) streamLang() string { return c.clientLang }

// addressCache remembers the last addressee: people write several messages to
// the same one.
type addressCache struct {
	raw []byte
	jid jid.JID
}

func (a *addressCache) parse(raw []byte) (jid.JID, error) {
	if len(raw) > 0 && string(raw) == string(a.raw) {
		return a.jid, nil
	}
	j, err := jid.Parse(string(raw))
	if err != nil {
		return jid.JID{}, err
	}
	a.raw, a.jid = append(a.raw[:0], raw...), j
	return j, nil
}
