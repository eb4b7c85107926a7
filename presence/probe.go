package presence

import (
	"context"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// learn tells a newly available session who is there: its own other resources
// (RFC 6121 §4.2.2) and the contacts it is subscribed to (§4.3.1).
func (m *Module) learn(ctx context.Context, s module.Session) error {
	account := s.JID().Bare()
	for _, own := range m.host.Sessions(account) {
		if own != s {
			m.present(own.JID(), func(st *module.Stanza) { s.Send(st.For(s.JID())) })
		}
	}
	contacts, err := m.subs.Subscriptions(ctx, account)
	if err != nil {
		return err
	}
	for contact := range contacts {
		if err := m.ask(ctx, s, contact); err != nil {
			return err
		}
	}
	return nil
}

// ask probes a contact for a session. On this server no stanza is needed.
func (m *Module) ask(ctx context.Context, s module.Session, contact jid.JID) error {
	if contact.Local() == "" || !m.host.IsLocal(contact) {
		if !m.barred(ctx, s.JID(), contact) {
			m.host.Route(ctx, module.NewStanza(stanza.Presence, "probe", s.JID(), contact))
		}
		return nil
	}
	sessions := m.host.Sessions(contact)
	if len(sessions) == 0 {
		return nil
	}
	account := s.JID().Bare()
	knows, err := m.mayKnow(ctx, contact, account)
	switch {
	case err != nil:
		return err
	case !knows:
		return m.subs.Repair(ctx, contact, account)
	}
	for _, theirs := range sessions {
		if !m.barred(ctx, theirs.JID(), s.JID()) {
			m.present(theirs.JID(), func(st *module.Stanza) { s.Send(st.For(s.JID())) })
		}
	}
	return nil
}

// toAccount answers a probe for an account of ours or one of its resources
// (RFC 6121 §4.3.2).
func (m *Module) toAccount(ctx context.Context, ev *module.Event) error {
	if ev.Type != "probe" {
		return nil
	}
	account := ev.To.Bare()
	knows, err := m.mayKnow(ctx, account, ev.From.Bare())
	switch {
	case err != nil:
		return err
	case !knows:
		m.refuse(ctx, account, ev.From)
	default:
		m.answer(ctx, ev.To, ev.From)
	}
	return module.ErrHandled
}

// refuse is the answer to whom it does not concern, the same whether the
// account exists or not. A client of ours, which should not probe anyway, gets
// it past its roster: a request of its user that still waits is not cancelled.
func (m *Module) refuse(ctx context.Context, account, asker jid.JID) {
	no := module.NewStanza(stanza.Presence, "unsubscribed", account, asker.Bare())
	if !m.host.IsLocal(asker) {
		m.host.Route(ctx, no)
	} else if s := m.host.Session(asker); s != nil {
		s.Send(no)
	}
}

// answer sends the presence of all available resources, or of the one asked
// for; without any, "unavailable" from the address asked.
func (m *Module) answer(ctx context.Context, asked, asker jid.JID) {
	found := false
	for _, s := range m.host.Sessions(asked.Bare()) {
		if asked.IsBare() || s.JID() == asked {
			m.present(s.JID(), func(st *module.Stanza) {
				found = true
				m.host.Route(ctx, st.For(asker))
			})
		}
	}
	if !found {
		m.host.Route(ctx, module.NewStanza(stanza.Presence, unavailable, asked, asker))
	}
}

// mayKnow reports whether asker (bare) sees account's presence: subscribers do,
// and everybody sees himself.
func (m *Module) mayKnow(ctx context.Context, account, asker jid.JID) (bool, error) {
	if account == asker {
		return true, nil
	}
	return m.subs.IsSubscriber(ctx, account, asker)
}

// present sends the presence of one resource, if it is available, and makes
// sure that what it sent is the last word: see "Races" in the package comment.
func (m *Module) present(full jid.JID, send func(*module.Stanza)) {
	now := m.current(full)
	if now == nil {
		return
	}
	for {
		if now != nil {
			send(now.Stanza)
		} else {
			send(module.NewStanza(stanza.Presence, unavailable, full, jid.JID{}))
		}
		next := m.current(full)
		if next == now {
			return
		}
		now = next
	}
}

// current returns what a resource announces, nil if it is not available.
func (m *Module) current(full jid.JID) *module.Availability {
	if s := m.host.Session(full); s != nil && !m.hidden.Get(s) {
		return s.Presence()
	}
	return nil
}

// Introduce sends contact the presence of account's available resources: it
// has become a subscriber (RFC 6121 §3.1.5).
func (m *Module) Introduce(ctx context.Context, account, contact jid.JID) {
	for _, s := range m.host.Sessions(account) {
		m.present(s.JID(), func(st *module.Stanza) { m.toContact(ctx, contact, st) })
	}
}

// Withdraw sends contact "unavailable" for account's available resources: it is
// no longer a subscriber (RFC 6121 §3.2.2, §3.3.3).
func (m *Module) Withdraw(ctx context.Context, account, contact jid.JID) {
	for _, s := range m.host.Sessions(account) {
		if s.Presence() != nil {
			m.toContact(ctx, contact, module.NewStanza(stanza.Presence, unavailable, s.JID(), jid.JID{}))
		}
	}
}
