package carbons

import (
	"context"
	"slices"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

const (
	nsForward  = "urn:xmpp:forward:0" // XEP-0297
	nsStanzaID = "urn:xmpp:sid:0"     // XEP-0359
)

// sent copies what a client sends to the account's other clients (XEP-0280 §8).
func (m *Module) sent(_ context.Context, ev *module.Event) error {
	account := ev.From.Bare()
	if ev.To.Bare() == account {
		return nil // they receive it
	}
	to := m.listeners(account, ev.Session)
	if len(to) == 0 || !m.due(ev.Session, ev.Stanza, outbound) {
		return nil
	}
	m.remember(ev.Session, ev.ID, ev.To)
	c := wrap(ev.Stanza, account, "sent", ev.Archived)
	for _, s := range to {
		s.Send(c.to(s))
	}
	return nil
}

// received copies what an account receives to the clients that do not (XEP-0280
// §7).
func (m *Module) received(_ context.Context, ev *module.Event) error {
	if len(ev.Receivers) == 0 {
		return nil // it waits for one
	}
	account := ev.To.Bare()
	to := m.listeners(account, ev.Session)
	if len(to) == 0 || !m.due(m.host.Session(ev.To), ev.Stanza, inbound) {
		return nil
	}
	for _, s := range ev.Receivers {
		m.remember(s, ev.ID, ev.From)
	}
	to = slices.DeleteFunc(to, func(s module.Session) bool { return slices.Contains(ev.Receivers, s) })
	if len(to) > 0 {
		m.copyReceived(ev, account, to)
	}
	return nil
}

func (m *Module) copyReceived(ev *module.Event, account jid.JID, to []module.Session) {
	c := wrap(ev.Stanza, account, "received", "") // the stanza-id is part of it
	stored, ok := ev.Track.(module.StoredTracker)
	for _, s := range to {
		if ok {
			stored.Copied(s) // it has the message
		}
		s.Send(c.to(s))
	}
}

// listeners are the account's sessions that want copies, but for one.
func (m *Module) listeners(account jid.JID, but module.Session) (list []module.Session) {
	for _, s := range m.host.Sessions(account) {
		if s != but && m.enabled.Get(s) {
			list = append(list, s)
		}
	}
	return list
}

// due reports whether st is to be copied, which is sent by or to s. s is nil for
// what is addressed to the account.
func (m *Module) due(s module.Session, st *module.Stanza, d direction) bool {
	switch {
	case !st.IsError():
		return eligible(st, d)
	case s == nil:
		return false
	case d == outbound:
		return m.answers(s, st.ID, st.To)
	}
	return m.answers(s, st.ID, st.From)
}

// carbon is a copy, but for whom it goes to.
type carbon struct{ stanza module.Stanza }

// to addresses the copy. The payload is shared.
func (c *carbon) to(s module.Session) *module.Stanza {
	st := c.stanza
	st.To = s.JID()
	return &st
}

// wrap makes the copy of st for an account (XEP-0280 §7, §8): of the same type,
// from the bare JID. id is the stanza-id that is to be added, if any.
func wrap(st *module.Stanza, account jid.JID, kind, id string) *carbon {
	const tags = 400
	b := make([]byte, 0, tags+len(st.Payload)+len(st.ID)+2*len(st.From.String())+len(st.To.String()))
	b = append(b, '<')
	b = append(b, kind...)
	b = append(b, " xmlns='"+NS+"'><forwarded xmlns='"+nsForward+"'>"...)
	b = stanza.AppendStart(b, stanza.Message, st.From.String(), st.To.String(), st.ID, st.Type, st.Lang)
	b = append(b, st.Payload...)
	b = appendStanzaID(b, account, id)
	b = stanza.AppendEnd(b, stanza.Message)
	b = append(b, "</forwarded></"...)
	b = append(b, kind...)
	b = append(b, '>')
	return &carbon{module.Stanza{
		Kind: stanza.Message, From: account, Type: st.Type, Payload: b,
		Children: []stanza.Child{{Space: []byte(NS), Local: []byte(kind), Start: 0, End: len(b)}},
	}}
}

func appendStanzaID(b []byte, by jid.JID, id string) []byte {
	if id == "" {
		return b
	}
	b = append(b, "<stanza-id xmlns='"+nsStanzaID+"'"...)
	b = stanza.AppendAttr(b, "id", id)
	b = stanza.AppendAttr(b, "by", by.String())
	return append(b, "/>"...)
}
