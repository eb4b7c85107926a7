package muc

import (
	"context"
	"errors"

	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// handle takes everything that is sent to the domain of the rooms.
func (m *Module) handle(ctx context.Context, ev *module.Event) error {
	if ev.Kind == stanza.IQ && (ev.Type == "get" || ev.Type == "set") && len(ev.Children) != 1 {
		return badRequest("a request has exactly one payload element") // RFC 6120 §8.2.3, from other domains
	}
	if ev.To.Local() == "" {
		return m.toService(ctx, ev)
	}
	switch ev.Kind {
	case stanza.Presence:
		return m.presence(ctx, ev)
	case stanza.Message:
		return m.message(ctx, ev)
	}
	return m.iq(ctx, ev)
}

// toService: the domain itself answers questions (§6.2, §6.3), and takes part in
// nothing.
func (m *Module) toService(ctx context.Context, ev *module.Event) error {
	switch {
	case ev.Kind == stanza.IQ:
		return m.reply(ctx, ev, m.serviceQueries())
	case ev.Kind == stanza.Message && ev.Type != "headline":
		return stanza.NewError(stanza.ServiceUnavailable, "")
	}
	return nil
}

// presence is that of somebody who enters, is in a room, or leaves (§17.3).
func (m *Module) presence(ctx context.Context, ev *module.Event) error {
	if ev.Type == "" && ev.To.IsBare() {
		e := stanza.NewError(stanza.JIDMalformed, "a nickname is needed") // §7.2.1
		e.By = ev.To.String()
		return e
	}
	switch ev.Type {
	case "":
		return m.presenceError(ctx, ev, m.available(ctx, ev))
	case unavailable:
		return m.inRoom(ctx, ev, func(r *Room) error { r.leave(ctx, ev.From, ev.Stanza); return nil })
	case "error":
		return m.inRoom(ctx, ev, func(r *Room) error { r.undelivered(ctx, ev); return nil })
	}
	return nil // no request to enter or leave; rooms have no subscribers
}

func (m *Module) available(ctx context.Context, ev *module.Event) error {
	if ev.Has(NS, "x") {
		return m.join(ctx, ev)
	}
	r, err := m.find(ctx, ev.To.Bare())
	if err != nil {
		return err
	}
	if r != nil {
		if ok, err := r.present(ctx, ev); ok || err != nil && !errors.Is(err, errGone) {
			return err
		}
	}
	m.notHere(ctx, ev)
	return nil
}

// notHere tells a client that takes itself for an occupant that it is none
// (§7.2.18).
func (m *Module) notHere(ctx context.Context, ev *module.Event) {
	n := notice{
		from: ev.To, typ: unavailable, id: ev.ID, selfCodes: []int{statusKicked, statusFailed},
		item: item{affiliation: standing.Unaffiliated, reason: "You are not in the room."},
	}
	st := n.stanza(false, true)
	st.To = ev.From
	m.host.Route(ctx, st)
}

// presenceError answers with the request's x (§7.2).
func (m *Module) presenceError(ctx context.Context, ev *module.Event, err error) error {
	var e *stanza.Error
	if !errors.As(err, &e) {
		return err
	}
	c := *e
	c.By = ev.To.Bare().String()
	answer := module.NewStanza(stanza.Presence, "error", ev.To, ev.From, stanza.New(NS, "x"), c.Element())
	answer.ID = ev.ID
	m.host.Route(ctx, answer)
	return module.ErrHandled
}

// inRoom runs f with the room of ev if there is one. It is for what is ignored
// otherwise.
func (m *Module) inRoom(ctx context.Context, ev *module.Event, f func(*Room) error) error {
	r, err := m.find(ctx, ev.To.Bare())
	if err != nil || r == nil {
		return err
	}
	if err = f(r); errors.Is(err, errGone) {
		return nil
	}
	return err
}

// message is one to all, to one occupant, or to the room itself.
func (m *Module) message(ctx context.Context, ev *module.Event) error {
	if ev.IsError() {
		return m.inRoom(ctx, ev, func(r *Room) error { r.undelivered(ctx, ev); return nil })
	}
	r, err := m.find(ctx, ev.To.Bare())
	if err != nil {
		return err
	}
	if r == nil {
		return stanza.NewError(stanza.ItemNotFound, "there is no such room") // §17.2
	}
	if err = r.message(ctx, ev); errors.Is(err, errGone) {
		return stanza.NewError(stanza.ItemNotFound, "there is no such room")
	}
	return err
}

func (r *Room) message(ctx context.Context, ev *module.Event) error {
	switch {
	case ev.To.IsBare() && ev.Type == "groupchat":
		return r.groupchat(ctx, ev)
	case ev.To.IsBare():
		return r.refuse(r.forRoom(ctx, ev))
	case ev.Type == "groupchat":
		return r.refuse(badRequest("a message to one occupant is of type chat")) // §7.5
	}
	return r.refuse(r.private(ctx, ev))
}

// forRoom is a message that the room itself deals with.
func (r *Room) forRoom(ctx context.Context, ev *module.Event) error {
	switch {
	case ev.Has(NSUser, "x"):
		return r.mediate(ctx, ev)
	case ev.Has(nsData, "x"):
		return r.takeForm(ctx, ev)
	}
	return badRequest("a message to all is of type groupchat") // §17.2
}
