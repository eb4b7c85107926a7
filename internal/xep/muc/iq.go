package muc

import (
	"context"
	"crypto/rand"
	"errors"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// request is a question to the room or the service.
type request struct {
	*module.Event
	Request *stanza.Element // the one payload element
}

// iqKey is what the owner of a request is chosen by.
type iqKey struct{ typ, space, local string }

// answerer answers a request with the payload of the result.
type answerer func(ctx context.Context, iq *request) (*stanza.Element, error)

// reply answers a request by the table.
func (m *Module) reply(ctx context.Context, ev *module.Event, table map[iqKey]answerer) error {
	if ev.Type != "get" && ev.Type != "set" {
		return nil
	}
	iq := &request{ev, ev.First()}
	answer := table[iqKey{ev.Type, iq.Request.Space, iq.Request.Local}]
	if answer == nil {
		return stanza.NewError(stanza.ServiceUnavailable, "") // RFC 6120 §8.4
	}
	payload, err := answer(ctx, iq)
	if err != nil {
		return err
	}
	m.host.Route(ctx, result(ev.Stanza, payload))
	return nil
}

// result is the answer to a request.
func result(request *module.Stanza, payload *stanza.Element) *module.Stanza {
	st := module.NewStanza(stanza.IQ, "result", request.To, request.From)
	st.ID = request.ID
	if payload != nil {
		st.Append(payload)
	}
	return st
}

// iq is a question to a room, or from one occupant to another (§17.4).
func (m *Module) iq(ctx context.Context, ev *module.Event) error {
	r, err := m.find(ctx, ev.To.Bare())
	if err != nil {
		return err
	}
	switch {
	case r == nil && (ev.Type == "get" || ev.Type == "set"):
		return stanza.NewError(stanza.ItemNotFound, "there is no such room")
	case r == nil:
		return nil
	case ev.To.IsBare():
		err = m.reply(ctx, ev, r.queries())
	case ev.Type == "get" || ev.Type == "set":
		err = r.forward(ctx, ev)
	default:
		err = r.forwardBack(ctx, ev)
	}
	if errors.Is(err, errGone) {
		err = stanza.NewError(stanza.ItemNotFound, "there is no such room")
	}
	return r.refuse(err)
}

// query is a request on its way to an occupant.
type query struct {
	asker jid.JID // full
	id    string
	to    *occupant
}

// queries are those that wait for an answer, by the id they were given.
type queries struct {
	waiting map[string]query
	order   []string // oldest first; may hold some that were answered
}

// maxQueries is how many wait in one room; the oldest is forgotten then.
const maxQueries = 1000

// add notes a request and returns the id to send it under, which nobody can
// guess.
func (q *queries) add(one query) string {
	id := rand.Text()
	q.waiting[id] = one
	if q.order = append(q.order, id); len(q.order) > maxQueries {
		delete(q.waiting, q.order[0])
		q.order = append([]string(nil), q.order[1:]...)
	}
	return id
}

func (q *queries) take(id string) (query, bool) {
	one, ok := q.waiting[id]
	delete(q.waiting, id)
	return one, ok
}

// drop forgets what a client has asked that is not there any more.
func (q *queries) drop(asker jid.JID) {
	for id, one := range q.waiting {
		if one.asker == asker {
			delete(q.waiting, id)
		}
	}
}

// forward brings a request to one occupant's client, without telling whose it is
// (§17.4). A vCard is the account's, a ping to oneself is answered here
// (XEP-0410 §3.3).
func (r *Room) forward(ctx context.Context, ev *module.Event) error {
	return r.with(ctx, func() error {
		c, o := r.clients[ev.From], r.occupants[ev.To.Resource()]
		request := ev.Children[0]
		switch {
		case c == nil && (string(request.Space) == nsInfo || string(request.Space) == nsItems):
			return badRequest("you are not in the room") // §6.6
		case c == nil:
			return stanza.NewError(stanza.NotAcceptable, "you are not in the room") // XEP-0410 §3.2
		case o == nil:
			return stanza.NewError(stanza.ItemNotFound, "")
		case o == c.of && request.Is(nsPing, "ping") && ev.Type == "get":
			r.answer(ev.From, result(ev.Stanza, nil))
			return nil
		}
		r.pass(ev, c, o)
		return nil
	})
}

func (r *Room) pass(ev *module.Event, c *client, o *occupant) {
	st := ev.Own().For(jid.JID{})
	st.From = c.of.jid
	st.ID = r.asked.add(query{asker: ev.From, id: ev.ID, to: o})
	to := o.main().seat
	if st.Children[0].Is(nsVCard, "vCard") && ev.Type == "get" {
		to = &seat{full: o.account} // the server answers for the account
	}
	r.sendTo([]*seat{to}, st)
}

// forwardBack brings an answer to who has asked.
func (r *Room) forwardBack(ctx context.Context, ev *module.Event) error {
	return r.with(ctx, func() error {
		q, ok := r.asked.take(ev.ID)
		if !ok || q.to.account != ev.From.Bare() {
			return nil
		}
		st := ev.Own().For(jid.JID{})
		st.From, st.ID = q.to.jid, q.id
		if ev.IsError() {
			st = module.NewStanza(stanza.IQ, "error", q.to.jid, jid.JID{}, anonymousError(ev.Stanza))
			st.ID = q.id
		}
		r.answer(q.asker, st)
		return nil
	})
}
