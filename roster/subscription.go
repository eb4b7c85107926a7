package roster

import (
	"context"
	"errors"
	"fmt"

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
	st := between(ev.Stanza, account, contact)
	return handled(m.alone(ctx, account, contact, func() (effects, error) {
		return m.step(ctx, Outbound, k, account, contact, st)
	}))
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
	// A disabled account gets no new requests, but what was agreed on before
	// may end meanwhile.
	exists, err := true, error(nil)
	if k == Subscribe {
		exists, err = m.host.AccountExists(ctx, account)
	}
	if err == nil && exists {
		st := between(ev.Stanza, contact, account)
		err = m.alone(ctx, account, contact, func() (effects, error) {
			return m.step(ctx, Inbound, k, account, contact, st)
		})
	}
	if errors.Is(err, storage.ErrNotFound) {
		err = nil
	}
	return handled(err)
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
		if m.blocks(ctx, account, contact) {
			continue
		}
		if err := m.askAgain(ctx, account, contact); err != nil {
			return err
		}
	}
	return nil
}

// presentRequests locks the account, so that the answer to a request, which
// another resource may be giving, is not followed by the request.
func (m *Module) presentRequests(ctx context.Context, s module.Session) error {
	account := s.JID().Bare()
	return m.within(ctx, account, func() (effects, error) {
		r, err := m.store.Roster(ctx, account.String())
		if err != nil {
			return nil, fmt.Errorf("roster: read: %w", err)
		}
		for i := range r.Items {
			if item := &r.Items[i]; stateOf(item)&bitPendingIn != 0 {
				m.present(ctx, s, item)
			}
		}
		return nil, nil
	})
}

func (m *Module) present(ctx context.Context, s module.Session, item *storage.RosterItem) {
	account := s.JID().Bare()
	contact, err := jid.Parse(item.Contact)
	if err != nil || m.blocks(ctx, account, contact) {
		return // only a broken database can hold what is no address
	}
	st := module.NewStanza(stanza.Presence, Subscribe.String(), contact, account)
	if children, err := stanza.ScanPayload(item.PendingStanza, nil); err == nil {
		st.Payload, st.Children = item.PendingStanza, children
	}
	s.Send(st)
}

func (m *Module) askAgain(ctx context.Context, account, contact jid.JID) error {
	return m.alone(ctx, account, contact, func() (effects, error) {
		snapshot, err := m.contacts(ctx, account)
		if err != nil {
			return nil, err
		}
		if c, _ := snapshot.Item(contact); c.State&bitPendingOut == 0 {
			return nil, nil
		}
		return effects{m.send(module.NewStanza(stanza.Presence, Subscribe.String(), account, contact))}, nil
	})
}

// Repair ends the subscription of a contact of ours who thinks that he sees
// account's presence and does not (RFC 6121 §4.3.2). That happens when the
// server was killed between the two halves of a change.
func (m *Module) Repair(ctx context.Context, account, contact jid.JID) error {
	if !m.host.IsLocal(contact) {
		return nil
	}
	return m.alone(ctx, contact, account, func() (effects, error) {
		shown, err := m.load(ctx, account)
		if err != nil {
			return nil, err
		}
		seen, err := m.contacts(ctx, contact)
		if err != nil {
			return nil, err
		}
		a, _ := shown.Item(contact)
		b, _ := seen.Item(account)
		if b.State&bitTo == 0 || a.State&bitFrom != 0 {
			return nil, nil
		}
		return effects{m.send(module.NewStanza(stanza.Presence, Unsubscribed.String(), account, contact))}, nil
	})
}
