package mam

import (
	"context"
	"errors"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// arrives sees every message for an account of ours before anything is decided.
func (m *Module) arrives(_ context.Context, ev *module.Event) error {
	account := ev.To.Bare()
	if ev.Session == nil {
		strip(ev.Stanza, account)
	}
	if ev.IsError() {
		// The account's client learns that its message did not arrive, so the
		// next one with that origin-id is a first one.
		m.origins.bounced(account, ev.From.Bare(), ev.ID)
	}
	return nil
}

// sent is the sender's side (XEP-0313 §5.1.1).
func (m *Module) sent(ctx context.Context, ev *module.Event) error {
	v := judge(ev.Stanza)
	if !v.stored() {
		return nil
	}
	account := ev.From.Bare()
	listed, err := patiently(ctx, func() (bool, error) { return m.listed(ctx, account, ev.To, v) })
	if err != nil {
		return err
	}
	first, err := patiently(ctx, func() (beginning, error) { return m.first(ctx, ev) })
	if err != nil {
		return err
	}
	if !listed || first.known {
		return nil
	}
	id := m.store.NewMessageID()
	ev.Archived = m.opts.IDs.Format(id)
	m.origins.stores(first.attempt, id)
	if ev.To.Bare() == account {
		return nil // one archive: the recipient's side stores it
	}
	row := message(ev, id, account, ev.To)
	row.Listed, row.Outgoing, row.OriginID = true, true, first.origin
	m.persist(ev, m.store.AppendMessage(ctx, row, storage.Append{Unit: ev.Unit}), first.attempt)
	return m.retract(ctx, ev, &row)
}

// received is the recipient's side: the message is about to reach the account.
func (m *Module) received(ctx context.Context, ev *module.Event) error {
	given := ev.Archived // the sender's side has called it so
	ev.Archived = ""
	v := judge(ev.Stanza)
	switch {
	case v == worthless && len(ev.Receivers) == 0:
		return module.ErrHandled // XEP-0160 §3: nobody misses it
	case !v.stored():
		return nil // XEP-0334 §4.2: for who is there, or else for nobody
	}
	account := ev.To.Bare()
	listed, err := patiently(ctx, func() (bool, error) { return m.listed(ctx, account, ev.From, v) })
	if err != nil {
		return err
	}
	if !listed && mayWait(ev) {
		m.receiveLive(ev, account, m.idOf(given))
		return nil
	}
	return m.receive(ctx, ev, account, m.idOf(given), listed)
}

// mayWait reports whether a message need not be stored before somebody misses
// it: it goes to a session now, and its sender is not told what was stored.
func mayWait(ev *module.Event) bool {
	return len(ev.Receivers) > 0 && ev.Session != nil && !ev.Session.Managed()
}

// receiveLive leaves a message that no archive takes to those who are there.
func (m *Module) receiveLive(ev *module.Event, account jid.JID, id int64) {
	ev.Track = m.deliveries.Unstored(account, id, func(st *module.Stanza) storage.Pending {
		row := message(&module.Event{Stanza: st}, id, account, st.From)
		p := refusal{m.store.AppendMessage(context.Background(), row, storage.Append{Undelivered: true})}
		p.Then(func() { m.lost(st, p.Err()) })
		return p
	})
}

// lost tells a sender, who has heard nothing of storing, that it failed.
func (m *Module) lost(st *module.Stanza, err error) {
	if err == nil {
		return
	}
	refused, ok := errors.AsType[*stanza.Error](err)
	if !ok {
		m.logger().Error("message not stored", "jid", st.To.String(), "err", err)
		refused = stanza.NewError(stanza.InternalServerError, "")
	}
	if answer := st.Bounce(refused); answer != nil {
		m.sweeping.Go(func() { m.host.Route(context.Background(), answer) })
	}
}

func (m *Module) idOf(given string) int64 {
	if id, ok := m.opts.IDs.Parse(given); ok {
		return id
	}
	return m.store.NewMessageID()
}

func (m *Module) receive(ctx context.Context, ev *module.Event, account jid.JID, id int64, listed bool) error {
	row := message(ev, id, account, ev.From)
	row.Listed = listed
	a := m.attempt(ev)
	if ev.From.Bare() == account {
		row.Outgoing, row.OriginID = true, a.origin()
	}
	if listed {
		ev.Archived = m.opts.IDs.Format(id)
		stamp(ev.Stanza, account, ev.Archived)
	}
	p := m.store.AppendMessage(ctx, row, m.terms(ev))
	ev.Track = m.deliveries.Track(account, id, p)
	m.persist(ev, p, a)
	if !listed {
		return nil
	}
	return m.retract(ctx, ev, &row)
}

// terms: the message waits until it was delivered. How many may wait is limited
// where nobody is there to take them.
func (m *Module) terms(ev *module.Event) storage.Append {
	a := storage.Append{Undelivered: true, Unit: ev.Unit}
	if len(ev.Receivers) == 0 {
		a.MaxUndelivered = m.opts.MaxUndelivered
	}
	return a
}

// message makes the row of one side. The payload is the stanza's, which is not
// changed any more; the stanza-id of the row is not part of it.
func message(ev *module.Event, id int64, account, peer jid.JID) storage.Message {
	st := ev.Own()
	return storage.Message{
		ID: id, Account: account.String(), Peer: peer.Bare().String(), PeerResource: peer.Resource(),
		Received: storage.MessageTime(id),
		From:     st.From.String(), To: st.To.String(),
		StanzaID: st.ID, Type: st.Type, Lang: st.Lang, Payload: st.Payload,
	}
}

// persist makes the stanza wait for p, and the attempt know its outcome.
func (m *Module) persist(ev *module.Event, p storage.Pending, a *attempt) {
	p = refusal{p}
	ev.Persist(p)
	if a != nil {
		a.expect()
		p.Then(func() { m.origins.settle(a, p.Err()) })
	}
}

// attempt returns the attempt that the sender's side has begun, or nil.
func (m *Module) attempt(ev *module.Event) *attempt {
	if ev.Session == nil {
		return nil
	}
	origin := originID(ev.Stanza)
	if origin == "" {
		return nil
	}
	return m.origins.find(ev.From.Bare(), originKey{ev.To.Bare(), origin})
}

// refusal is a write whose failure the sender may understand.
type refusal struct{ storage.Pending }

// Err returns the outcome as the sender is to see it: where too much waits, and
// an account that does not exist, are service-unavailable (XEP-0160 §2, RFC 6121
// §8.5.1); a full disk may have room later.
func (r refusal) Err() error {
	err := r.Pending.Err()
	switch {
	case errors.Is(err, storage.ErrQuota), errors.Is(err, storage.ErrNotFound):
		return stanza.NewError(stanza.ServiceUnavailable, "")
	case errors.Is(err, storage.ErrFull):
		return stanza.NewError(stanza.ResourceConstraint, "")
	}
	return err
}
