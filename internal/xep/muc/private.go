package muc

import (
	"context"
	"slices"

	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// private brings a message to one occupant (§7.5), to all of its clients (§7.2.8).
// It goes to the archive of the account like any other message, once.
func (r *Room) private(ctx context.Context, ev *module.Event) error {
	st, to, err := r.privately(ev)
	if err != nil {
		return err
	}
	first := st.For(to[0].full)
	r.service.host.Route(ctx, first)
	for _, s := range to[1:] {
		if s.session != nil {
			s.session.Send(st.For(s.full))
		} else {
			r.service.host.Route(ctx, st.For(s.full))
		}
	}
	return nil
}

// privately decides whether a private message may pass, and what its recipient
// sees of it.
func (r *Room) privately(ev *module.Event) (st *module.Stanza, to []*seat, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[ev.From]
	if c == nil {
		return nil, nil, stanza.NewError(stanza.NotAcceptable, "you are not in the room")
	}
	o := r.occupants[ev.To.Resource()]
	switch {
	case o == nil:
		return nil, nil, stanza.NewError(stanza.ItemNotFound, "")
	case !r.mayWrite(c.of, o):
		return nil, nil, stanza.NewError(stanza.Forbidden, "")
	}
	st = r.stripMessage(ev.Stanza)
	st.From, st.Track = c.of.jid, nil
	payload := payloadWith(st, []byte("<x xmlns='"+NSUser+"'/>"), appendOccupantID(nil, c.of.id))
	seats := o.seats()
	slices.Reverse(seats) // the client shown comes first
	return fill(st, payload), seats, nil
}

// mayWrite: muc#roomconfig_allowpm. Moderators can always be asked for help, and
// can answer.
func (r *Room) mayWrite(from, to *occupant) bool {
	switch r.config.AllowPM {
	case "anyone":
		return true
	case "participants":
		return from.role >= standing.Participant || to.role == standing.Moderator
	case "moderators":
		return from.role == standing.Moderator
	}
	return false
}

// Conditions that say that a stanza could not be delivered (§18.1.2).
var lost = []stanza.Condition{
	stanza.Gone, stanza.ItemNotFound, stanza.RecipientUnavailable, stanza.Redirect,
	stanza.RemoteServerNotFound, stanza.RemoteServerTimeout,
}

// undelivered takes an error from an occupant's client. One that answers a
// private message goes to who has sent that; one that says that the client is
// not there ends its visit (§11.1).
func (r *Room) undelivered(ctx context.Context, ev *module.Event) {
	if ev.Kind == stanza.Message && !ev.To.IsBare() {
		r.passError(ctx, ev)
		return
	}
	e := ev.Element(stanza.NSClient, "error")
	for _, c := range lost {
		if e.Child(stanza.NSStanzaErrors, string(c)) != nil {
			r.leave(ctx, ev.From, nil, statusFailed)
			return
		}
	}
}

// passError brings an error to who caused it, without telling who it is from.
func (r *Room) passError(ctx context.Context, ev *module.Event) {
	_ = r.with(ctx, func() error {
		o := r.occupants[ev.To.Resource()]
		from := r.nickOf(ev)
		if o == nil || from == nil {
			return nil
		}
		st := module.NewStanza(ev.Kind, "error", from.jid, o.jid, anonymousError(ev.Stanza))
		st.ID = ev.ID
		r.sendTo(o.seats(), st)
		return nil
	})
}

// nickOf returns the occupant that an answer comes from: one of its clients, or
// its account.
func (r *Room) nickOf(ev *module.Event) *occupant {
	if c := r.clients[ev.From]; c != nil {
		return c.of
	}
	for _, o := range r.occupants {
		if o.account == ev.From.Bare() {
			return o
		}
	}
	return nil
}

// anonymousError is the error of a stanza without addresses.
func anonymousError(st *module.Stanza) *stanza.Element {
	e := st.Element(stanza.NSClient, "error")
	if e == nil {
		return stanza.NewError(stanza.UndefinedCondition, "").Element()
	}
	e.Attrs = slices.DeleteFunc(e.Attrs, func(a stanza.Attr) bool { return a.Name == "by" })
	for c := range e.Elements() {
		if c.Is(stanza.NSStanzaErrors, "gone") || c.Is(stanza.NSStanzaErrors, "redirect") {
			c.Nodes = nil
		}
	}
	return e
}
