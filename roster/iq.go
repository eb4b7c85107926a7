package roster

import (
	"context"
	"fmt"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// get answers a roster get (RFC 6121 §2.1.3, §2.2). The client is interested
// from now on. The answer is queued while the account is locked, so that no
// push with an older version follows it.
func (m *Module) get(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	if !iq.FromOwner() {
		return nil, stanza.NewError(stanza.Forbidden, "")
	}
	account := iq.Account()
	unlock, err := m.accounts.lock(ctx, account)
	if err != nil {
		return nil, err
	}
	defer unlock()
	result := &module.Stanza{Kind: stanza.IQ, Type: "result", ID: iq.ID, From: account, To: iq.From}
	if known, ok := parseVersion(iq.Request.Attr("ver")); ok {
		served, err := m.since(ctx, account, iq.Session, known, result)
		if served || err != nil {
			return nil, handled(err)
		}
	}
	query, err := m.whole(ctx, account)
	if err != nil {
		return nil, err
	}
	setQuery(result, query)
	m.interested.Set(iq.Session, true)
	iq.Session.Send(result)
	return nil, module.ErrHandled
}

// since answers with an empty result and pushes of what has changed (§2.6.3).
func (m *Module) since(ctx context.Context, account jid.JID, s module.Session, known uint64, result *module.Stanza) (bool, error) {
	var d storage.RosterDelta
	if now := m.cache.get(account); now == nil || now.version != known {
		var ok bool
		var err error
		if d, ok, err = m.store.RosterSince(ctx, account.String(), known); err != nil {
			return false, fmt.Errorf("roster: read changes: %w", err)
		} else if !ok {
			return false, nil
		}
	}
	m.interested.Set(s, true)
	s.Send(result)
	m.pushSince(s, known, &d)
	return true, nil
}

func handled(err error) error {
	if err != nil {
		return err
	}
	return module.ErrHandled
}

// whole returns the encoded roster of a locked account. What it reads for that
// serves presence too, which is next to ask.
func (m *Module) whole(ctx context.Context, account jid.JID) ([]byte, error) {
	if s := m.cache.get(account); s != nil {
		if query := m.encoded.get(account, s.version); query != nil {
			return query, nil
		}
	}
	r, err := m.store.Roster(ctx, account.String())
	if err != nil {
		return nil, fmt.Errorf("roster: read: %w", err)
	}
	m.keep(account, newSnapshot(&r))
	query := encode(&r)
	m.encoded.put(account, r.Version, query)
	return query, nil
}

func encode(r *storage.Roster) []byte {
	return appendQuery(nil, formatVersion(r.Version), func(dst []byte) []byte {
		for i := range r.Items {
			if r.Items[i].Listed() {
				dst = appendItem(dst, &r.Items[i])
			}
		}
		return dst
	})
}

// set carries out a roster set (RFC 6121 §2.1.5).
func (m *Module) set(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	if !iq.FromOwner() {
		return nil, stanza.NewError(stanza.Forbidden, "") // §2.3.3
	}
	req, err := m.parseSet(iq.Request)
	if err != nil {
		return nil, err
	}
	if req.contact == iq.Account() {
		return nil, stanza.NewError(stanza.NotAllowed, "nobody is in his own roster")
	}
	if req.remove {
		return nil, m.alone(ctx, iq.Account(), req.contact, func() (effects, error) {
			return m.remove(ctx, iq.Account(), req.contact)
		})
	}
	return nil, m.within(ctx, iq.Account(), func() (effects, error) {
		return nil, m.put(ctx, iq.Account(), req)
	})
}

// put adds or changes an item (§2.3, §2.4). The subscription is not the
// client's to set (§2.1.2.5).
func (m *Module) put(ctx context.Context, account jid.JID, req request) error {
	c, err := m.update(ctx, account, req.contact, func(item *storage.RosterItem, _ bool) (bool, error) {
		item.InRoster, item.Name, item.Groups = true, req.name, req.groups
		return true, nil
	})
	if err == nil && c.did() {
		m.push(account, &c.after, c.version)
	}
	return err
}

// remove deletes an item and ends both subscriptions (§2.5.2).
func (m *Module) remove(ctx context.Context, account, contact jid.JID) (effects, error) {
	c, err := m.update(ctx, account, contact, func(item *storage.RosterItem, _ bool) (bool, error) {
		if !item.Listed() {
			return false, stanza.NewError(stanza.ItemNotFound, "") // §2.5.3
		}
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	m.push(account, &c.after, c.version)
	return m.goodbye(account, contact, stateOf(&c.before)), nil
}

// goodbye ends what is between two accounts, or was asked for: RFC 6121 §2.5.2,
// §3.2.2, §3.3.2.
func (m *Module) goodbye(account, contact jid.JID, was State) effects {
	var todo effects
	if was&(bitFrom|bitPendingIn) != 0 {
		todo = append(todo, m.send(module.NewStanza(stanza.Presence, Unsubscribed.String(), account, contact)))
	}
	if was&(bitTo|bitPendingOut) != 0 {
		todo = append(todo, m.send(module.NewStanza(stanza.Presence, Unsubscribe.String(), account, contact)))
	}
	if was&bitFrom != 0 {
		todo = append(todo, func(ctx context.Context) { m.presences.Withdraw(ctx, account, contact) })
	}
	return todo
}
