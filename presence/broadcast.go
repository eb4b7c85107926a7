package presence

import (
	"context"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

const unavailable = "unavailable"

// fromClient takes what a client sends, except subscriptions, which are the
// roster's.
func (m *Module) fromClient(ctx context.Context, ev *module.Event) error {
	switch {
	case !ev.To.IsZero():
		return m.direct(ctx, ev)
	case ev.Type == "":
		return handled(m.available(ctx, ev))
	case ev.Type == unavailable:
		return handled(m.unavailable(ctx, ev))
	case ev.Type == "probe":
		return stanza.NewError(stanza.BadRequest, "a probe needs a 'to'")
	}
	return nil
}

func handled(err error) error {
	if err != nil {
		return err
	}
	return module.ErrHandled
}

// available: RFC 6121 §4.2.2 (initial presence) and §4.4.2 (later presence).
func (m *Module) available(ctx context.Context, ev *module.Event) error {
	priority, err := priorityOf(ev.Stanza)
	if err != nil {
		return err
	}
	s, before := ev.Session, ev.Session.Presence()
	st := ev.Stanza.For(jid.JID{})
	s.SetPresence(&module.Availability{Priority: priority, Stanza: st, Since: time.Now(), Stretch: stretch(before)})
	if err := m.broadcast(ctx, s.JID(), st); err != nil {
		s.SetPresence(before)
		return err
	}
	if before == nil {
		if err := m.learn(ctx, s); err != nil {
			return err
		}
	}
	if before == nil || before.Priority < 0 && priority >= 0 {
		m.tellAvailable(ctx, s)
	}
	return nil
}

// stretch goes on where the session takes messages already.
func stretch(before *module.Availability) *module.Stretch {
	if before != nil && before.Priority >= 0 {
		return before.Stretch
	}
	return new(module.Stretch)
}

func (m *Module) tellAvailable(ctx context.Context, s module.Session) {
	if err := m.hooks.SessionAvailable.Run(ctx, s); err != nil {
		m.logger().Error("session available", "jid", s.JID().String(), "err", err)
	}
}

// unavailable: RFC 6121 §4.5.2. The session itself gets it back too.
func (m *Module) unavailable(ctx context.Context, ev *module.Event) error {
	s, st := ev.Session, ev.Stanza.For(jid.JID{})
	was := s.Presence() != nil
	defer m.endDirected(ctx, s, st, was)
	if !was {
		return nil
	}
	s.SetPresence(nil)
	s.Send(st.For(s.JID()))
	return m.broadcast(ctx, s.JID(), st)
}

// sessionClosed says goodbye for a session that did not (RFC 6121 §4.5.2).
func (m *Module) sessionClosed(ctx context.Context, s module.Session) error {
	if m.current(s.JID()) != nil {
		return nil // a newer session has taken the resource over, and is there
	}
	st := module.NewStanza(stanza.Presence, unavailable, s.JID(), jid.JID{})
	was := s.Presence() != nil && !m.hidden.Get(s)
	defer m.endDirected(ctx, s, st, was)
	if !was {
		return nil
	}
	return m.broadcast(ctx, s.JID(), st)
}

// broadcast sends st to the subscribers and to the account's own available
// resources, which are subscribed to one another, and so to the sender itself
// (RFC 6121 §4.2.2, §4.4.2, §4.5.2).
func (m *Module) broadcast(ctx context.Context, from jid.JID, st *module.Stanza) error {
	subscribers, err := m.subs.Subscribers(ctx, from.Bare())
	if err != nil {
		return err
	}
	for contact := range subscribers {
		m.toContact(ctx, contact, st)
	}
	for _, own := range m.host.Sessions(from.Bare()) {
		if own.Presence() != nil {
			own.Send(st.For(own.JID()))
		}
	}
	return nil
}

// toContact gives st to a contact: here, to all available resources (RFC 6121
// §4.2.3, §4.4.3, §4.5.3, §8.5.2.1.2), which share one addressed copy.
func (m *Module) toContact(ctx context.Context, contact jid.JID, st *module.Stanza) {
	if contact.Local() == "" || !m.host.IsLocal(contact) {
		if !m.barred(ctx, st.From, contact) {
			m.host.Route(ctx, st.For(contact))
		}
		return
	}
	var addressed *module.Stanza
	for _, s := range m.host.Sessions(contact) {
		if s.Presence() == nil || m.barred(ctx, st.From, s.JID()) {
			continue
		}
		if addressed == nil {
			addressed = st.For(contact)
		}
		s.Send(addressed)
		m.unlessBarred(ctx, s, st)
	}
}
