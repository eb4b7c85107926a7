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

// edit changes an item and says whether to keep it. It must be pure.
type edit = func(item *storage.RosterItem, exists bool) (keep bool, err error)

// changed is what an edit did.
type changed struct {
	before, after storage.RosterItem
	version       uint64
}

// did reports whether anything was written.
func (c *changed) did() bool { return !c.before.Equal(c.after) }

// effects are what is to be done for the contact when the account is free
// again.
type effects []func(context.Context)

// update makes one change of a locked account, durably, and brings the
// snapshot up to date. It does not stop half-way when the client that asked
// goes away: a committed change is also pushed and sent on.
func (m *Module) update(ctx context.Context, account, contact jid.JID, e edit) (changed, error) {
	var c changed
	var err error
	c.before, c.after, c.version, err = m.store.UpdateRoster(
		context.WithoutCancel(ctx), account.String(), contact.String(), m.opts.MaxItems, e)
	switch {
	case errors.Is(err, storage.ErrQuota):
		return c, stanza.NewError(stanza.PolicyViolation, fmt.Sprintf("a roster holds at most %d contacts", m.opts.MaxItems))
	case err != nil:
		return c, fmt.Errorf("roster: update: %w", err)
	}
	m.follow(account, contact, &c)
	return c, nil
}

// holds marks a context whose goroutine has locked a pair. What is routed with
// it comes back to this package when the contact is one of ours, or a service
// that answers at once, and must not wait for its own lock.
type holds struct{}

// alone runs f while nothing else happens between two accounts, and then what
// f leaves to do.
func (m *Module) alone(ctx context.Context, account, contact jid.JID, f func() (effects, error)) error {
	p := pairOf(account, contact)
	if ctx.Value(holds{}) == p {
		return m.within(ctx, account, f)
	}
	unlock, err := m.pairs.lock(ctx, p)
	if err != nil {
		return err
	}
	defer unlock()
	return m.within(context.WithValue(ctx, holds{}, p), account, f)
}

// within runs f with the account locked, and then, with it free again, what f
// leaves to do.
func (m *Module) within(ctx context.Context, account jid.JID, f func() (effects, error)) error {
	unlock, err := m.accounts.lock(ctx, account)
	if err != nil {
		return err
	}
	todo, err := f()
	unlock()
	ctx = context.WithoutCancel(ctx)
	for _, do := range todo {
		do(ctx)
	}
	return err
}

// step carries one subscription stanza through the table of Appendix A for one
// locked account: the state, the pushes, what the user's resources and the
// contact get to see. st is the stanza between bare JIDs.
func (m *Module) step(ctx context.Context, d Direction, k Kind, account, contact jid.JID, st *module.Stanza) (effects, error) {
	if d == Inbound {
		if idle, err := m.ignores(ctx, k, account, contact); idle || err != nil {
			return nil, err
		}
	}
	var t Transition
	c, err := m.update(ctx, account, contact, func(item *storage.RosterItem, _ bool) (bool, error) {
		t = Next(d, k, stateOf(item), item.Approved)
		apply(item, d, k, t)
		if d == Inbound && k == Subscribe && t.Pass {
			item.PendingStanza = m.request(st)
		}
		return item.InRoster || item.PendingIn, nil
	})
	if err != nil {
		return nil, err
	}
	m.announce(account, d, k, t, &c, st)
	return m.answer(account, contact, d, t, &c, st), nil
}

// apply brings an item into the state a transition leads to.
func apply(item *storage.RosterItem, d Direction, k Kind, t Transition) {
	item.Subscription = storage.Subscription(t.Next & Both)
	item.Ask = t.Next&bitPendingOut != 0
	item.PendingIn = t.Next&bitPendingIn != 0
	if !item.PendingIn {
		item.PendingStanza = nil
	}
	switch {
	case t.Note:
		item.Approved = true // RFC 6121 §3.4.2
	case t.Next&bitFrom != 0 || d == Outbound && k == Unsubscribed:
		item.Approved = false // used up, or cancelled: §3.4.3
	}
	// A contact enters the roster with the user's first word about it; what a
	// stranger sends does not put him there.
	item.InRoster = item.InRoster || item.Ask || item.Approved || item.Subscription != storage.None
}

// request is what is kept of a subscription request, to present it again
// (RFC 6121 §3.1.3).
func (m *Module) request(st *module.Stanza) []byte {
	if len(st.Payload) > m.opts.MaxRequest {
		return nil
	}
	return st.Payload
}

// ignores reports whether an inbound stanza does nothing, so that strangers
// cannot keep the storage busy with writes: Appendix A says so, or too many
// strangers wait for an answer already. RFC 6121 sets no bound to these, but
// without one anybody could fill the storage.
func (m *Module) ignores(ctx context.Context, k Kind, account, contact jid.JID) (bool, error) {
	s, err := m.contacts(ctx, account)
	if err != nil {
		return false, err
	}
	c, known := s.Item(contact)
	if k == Subscribe && !known && s.count(bitPendingIn) >= m.opts.MaxPending {
		return true, nil
	}
	t := table[Inbound][k][c.State]
	return !t.Pass && !t.Reply, nil
}

// announce tells the user's resources: the stanza first, then the push, so
// that a client can tell why its roster changed (RFC 6121 §3.1.6).
func (m *Module) announce(account jid.JID, d Direction, k Kind, t Transition, c *changed, st *module.Stanza) {
	if d == Inbound && t.Pass {
		for _, s := range m.host.Sessions(account) {
			// A request goes to all available resources (§3.1.3), an answer to
			// the interested ones (§3.1.6, §3.2.3, §3.3.3).
			if k == Subscribe && s.Presence() != nil || k != Subscribe && m.interested.Get(s) {
				s.Send(st)
			}
		}
	}
	if seen(&c.before) != seen(&c.after) {
		m.push(account, &c.after, c.version)
	}
}

// shown is what a subscription stanza can change in the item that clients see.
// The request of a contact that waits for an answer is not part of it.
type shown struct {
	listed, ask, approved bool
	subscription          storage.Subscription
}

func seen(i *storage.RosterItem) shown {
	return shown{i.Listed(), i.Ask, i.Approved, i.Subscription}
}

// answer is what the contact has to get.
func (m *Module) answer(account, contact jid.JID, d Direction, t Transition, c *changed, st *module.Stanza) effects {
	var todo effects
	if d == Outbound && t.Pass {
		todo = append(todo, m.send(st))
	}
	if t.Reply {
		todo = append(todo, m.send(module.NewStanza(stanza.Presence, Subscribed.String(), account, contact)))
	}
	was, is := c.before.Subscription&storage.From != 0, c.after.Subscription&storage.From != 0
	switch {
	case !was && is, t.Reply: // RFC 6121 §3.1.5
		todo = append(todo, func(ctx context.Context) { m.presences.Introduce(ctx, account, contact) })
	case was && !is: // RFC 6121 §3.2.2, §3.3.3
		todo = append(todo, func(ctx context.Context) { m.presences.Withdraw(ctx, account, contact) })
	}
	return todo
}

func (m *Module) send(st *module.Stanza) func(context.Context) {
	return func(ctx context.Context) { m.host.Route(ctx, st) }
}
