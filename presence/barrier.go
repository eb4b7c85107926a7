package presence

import (
	"context"
	"slices"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// Barrier tells between whom nothing passes (XEP-0191).
type Barrier interface {
	// Between reports whether presence of from, a full JID, is kept from to. Those
	// of them that are accounts of ours have sessions.
	Between(ctx context.Context, from, to jid.JID) bool
}

// SetBarrier hands it over, before the first connection.
func (m *Module) SetBarrier(b Barrier) { m.barrier = b }

func (m *Module) barred(ctx context.Context, from, to jid.JID) bool {
	return m.barrier != nil && m.barrier.Between(ctx, from, to)
}

// unlessBarred takes back what was just sent to s, if it was blocked meanwhile:
// its "unavailable" may have been sent before.
func (m *Module) unlessBarred(ctx context.Context, s module.Session, st *module.Stanza) {
	if st.Type == "" && m.barred(ctx, st.From, s.JID()) {
		s.Send(module.NewStanza(stanza.Presence, unavailable, st.From, s.JID().Bare()))
	}
}

// Leave tells whom account has just blocked that it is gone, if they knew that it
// is there: subscribers, and who was sent directed presence (XEP-0191 §3.3).
func (m *Module) Leave(ctx context.Context, account jid.JID, items []jid.JID, hit func(jid.JID) bool) error {
	subscribers, err := m.concerned(ctx, account, items, hit)
	for _, s := range m.host.Sessions(account) {
		to := m.forget(s, hit)
		if m.current(s.JID()) != nil {
			to = append(to, subscribers...)
		}
		for _, j := range to {
			m.host.Route(ctx, module.NewStanza(stanza.Presence, unavailable, s.JID(), j))
		}
	}
	return err
}

// Return tells them that it is there, now that they are blocked no longer
// (XEP-0191 §3.4), and what it missed of them.
func (m *Module) Return(ctx context.Context, account jid.JID, items []jid.JID, hit func(jid.JID) bool) error {
	subscribers, err := m.concerned(ctx, account, items, hit)
	if err != nil {
		return err
	}
	contacts, err := m.subs.Subscriptions(ctx, account)
	if err != nil {
		return err
	}
	seen := slices.DeleteFunc(slices.Collect(contacts), func(c jid.JID) bool { return !hit(c) })
	for _, s := range m.host.Sessions(account) {
		for _, j := range subscribers {
			m.present(s.JID(), func(st *module.Stanza) { m.host.Route(ctx, st.For(j)) })
		}
		if err := m.askAll(ctx, s, seen); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) askAll(ctx context.Context, s module.Session, contacts []jid.JID) error {
	if m.current(s.JID()) == nil {
		return nil
	}
	for _, contact := range contacts {
		if err := m.ask(ctx, s, contact); err != nil {
			return err
		}
	}
	return nil
}

// concerned returns the subscribers that hit chooses, and the resources of others
// among items.
func (m *Module) concerned(ctx context.Context, account jid.JID, items []jid.JID, hit func(jid.JID) bool) ([]jid.JID, error) {
	subscribers, err := m.subs.Subscribers(ctx, account)
	if err != nil {
		return nil, err
	}
	var out []jid.JID
	for contact := range subscribers {
		if hit(contact) {
			out = append(out, contact)
		}
	}
	for _, j := range items {
		if j.IsBare() || hit(j.Bare()) || !hit(j) {
			continue
		}
		if knows, err := m.subs.IsSubscriber(ctx, account, j.Bare()); err != nil {
			return out, err
		} else if knows {
			out = append(out, j)
		}
	}
	return out, nil
}
