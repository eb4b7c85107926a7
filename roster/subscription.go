package roster

import (
	"context"
	"errors"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// fromClient takes the subscription stanzas that a client sends: RFC 6121
// §3.1.2, §3.1.5, §3.2.2, §3.3.2, §3.4.2.
func (m *Module) fromClient(ctx context.Context, ev *module.Event) error {
	k, ok := kindOf(ev.Type)
	if !ok {
		return nil
	}
	if ev.To.IsZero() {
		return stanza.NewError(stanza.BadRequest, "a subscription needs a 'to'")
	}
	account, contact := ev.From.Bare(), ev.To.Bare()
	if account == contact {
		return module.ErrHandled // one always sees oneself, §4.2.2
	}
	if err := m.subscription(ctx, Outbound, k, account, contact, between(ev.Stanza, account, contact)); err != nil {
		return err
	}
	return module.ErrHandled
}

// toAccount takes the subscription stanzas for an account of ours: RFC 6121
// §3.1.3, §3.1.6, §3.2.3, §3.3.3. For one that does not exist they are dropped
// (§8.5.1); a stranger cannot tell that from a user who does not answer.
func (m *Module) toAccount(ctx context.Context, ev *module.Event) error {
	k, ok := kindOf(ev.Type)
	if !ok {
		return nil
	}
	account, contact := ev.To.Bare(), ev.From.Bare()
	if account == contact {
		return module.ErrHandled
	}
	exists, err := m.host.AccountExists(ctx, account)
	if err != nil {
		return err
	}
	if exists {
		err = m.subscription(ctx, Inbound, k, account, contact, between(ev.Stanza, contact, account))
	}
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	return module.ErrHandled
}

// between stamps bare JIDs: subscriptions are between accounts, not resources
// (RFC 6121 §3.1.2). The rest, the request's words included, stays.
func between(st *module.Stanza, from, to jid.JID) *module.Stanza {
	st = st.For(to)
	st.From = from
	return st
}

// sessionAvailable presents the requests that wait for an answer, until there
// is one (RFC 6121 §3.1.3), and sends the user's own unanswered ones again,
// which may have been lost on the way (§3.1.2).
func (m *Module) sessionAvailable(ctx context.Context, s module.Session) error {
	account := s.JID().Bare()
	snapshot, err := m.Contacts(ctx, account)
	if err != nil {
		return err
	}
	if snapshot.count(bitPendingIn) > 0 {
		if err := m.presentRequests(ctx, s); err != nil {
			return err
		}
	}
	for contact := range snapshot.with(bitPendingOut) {
		m.host.Route(ctx, module.NewStanza(stanza.Presence, Subscribe.String(), account, contact))
	}
	return nil
}

func (m *Module) presentRequests(ctx context.Context, s module.Session) error {
	account := s.JID().Bare()
	r, err := m.store.Roster(ctx, account.String())
	if err != nil {
		return err
	}
	for i := range r.Items {
		item := &r.Items[i]
		if stateOf(item)&bitPendingIn == 0 {
			continue
		}
		contact, err := jid.Parse(item.Contact)
		if err != nil {
			continue
		}
		st := module.NewStanza(stanza.Presence, Subscribe.String(), contact, account)
		if children, err := stanza.ScanPayload(item.PendingStanza, nil); err == nil {
			st.Payload, st.Children = item.PendingStanza, children
		}
		s.Send(st)
	}
	return nil
}
