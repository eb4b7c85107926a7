package router

import (
	"context"
	"sync/atomic"

	"parley/internal/module"
	"parley/stanza"
)

// messageToAccount follows the table of RFC 6121 §8.5.4. Where the text leaves
// a choice between silence and an error, the sender gets the error, so that
// nothing vanishes unnoticed; headlines and errors are dropped.
func (r *Router) messageToAccount(ctx context.Context, ev *module.Event) {
	if !r.passes(ctx, ev, &r.Hooks.MessageToAccount) {
		return
	}
	if !ev.To.IsBare() {
		if s := r.Session(ev.To); s != nil {
			s.Send(ev.Stanza) // §8.5.3.1, whatever its type or priority
			return
		}
	}
	switch ev.Type {
	case "error":
		// §8.5.2.1.1, §8.5.3.2.1: never answered, never stored
	case "headline":
		if ev.To.IsBare() {
			r.sendAll(ev.Stanza, receivers(r.table.sessions(ev.To)))
		}
	case "groupchat":
		r.bounce(ctx, ev.Stanza, stanza.NewError(stanza.ServiceUnavailable, "")) // §8.5.2.1.1
	case "chat":
		r.messageToBare(ctx, ev)
	default: // "normal", and what is unknown counts as that (§5.2.2)
		if !ev.To.IsBare() {
			r.bounce(ctx, ev.Stanza, stanza.NewError(stanza.ServiceUnavailable, "")) // §8.5.3.2.1
			return
		}
		r.messageToBare(ctx, ev)
	}
}

// messageToBare delivers to every resource with a non-negative priority
// (§8.5.2.1.1 allows that or the most available one: all of a person's devices
// ring) or, if there is none, stores for later.
func (r *Router) messageToBare(ctx context.Context, ev *module.Event) {
	// A session that is closing hands the message on, after what came before.
	to := receivers(r.table.sessions(ev.To.Bare()))
	if len(to) > 0 {
		r.sendAll(ev.Stanza, to)
		return
	}
	r.offline(ctx, ev)
}

// offline gives a message to whoever keeps it (§8.5.2.2.1).
func (r *Router) offline(ctx context.Context, ev *module.Event) {
	exists, err := r.AccountExists(ctx, ev.To.Bare())
	switch {
	case err != nil:
		r.Failed(ctx, ev.Stanza, err)
	case !exists:
		r.bounce(ctx, ev.Stanza, stanza.NewError(stanza.ServiceUnavailable, "")) // §8.5.1
	case r.passes(ctx, ev, &r.Hooks.MessageOffline):
		r.bounce(ctx, ev.Stanza, stanza.NewError(stanza.ServiceUnavailable, ""))
	}
}

// receivers are the sessions that take messages for the bare JID.
func receivers(all []module.Session) []module.Session {
	for i, s := range all {
		if !receives(s) {
			return filterReceivers(all, i)
		}
	}
	return all // the usual case costs no copy
}

func filterReceivers(all []module.Session, from int) []module.Session {
	out := append([]module.Session(nil), all[:from]...)
	for _, s := range all[from:] {
		if receives(s) {
			out = append(out, s)
		}
	}
	return out
}

func receives(s module.Session) bool {
	p := s.Presence()
	return p != nil && p.Priority >= 0
}

// sendAll sends st to each session. With several, it counts as undelivered only
// if none of them got it.
func (r *Router) sendAll(st *module.Stanza, to []module.Session) {
	switch len(to) {
	case 0:
		return
	case 1:
		to[0].Send(st)
		return
	}
	copied := st.For(st.To)
	track := &anyOf{router: r}
	track.left.Store(int32(len(to)))
	copied.Track = track
	for _, s := range to {
		s.Send(copied)
	}
}

// anyOf tracks one message sent to several sessions of an account.
type anyOf struct {
	router    *Router
	left      atomic.Int32
	delivered atomic.Bool
}

func (a *anyOf) Delivered(*module.Stanza) {
	a.delivered.Store(true)
	a.left.Add(-1)
}

func (a *anyOf) Undelivered(st *module.Stanza) {
	if a.left.Add(-1) == 0 && !a.delivered.Load() {
		a.router.redeliver(st.For(st.To))
	}
}

// Undelivered takes what a session could not deliver before it ended. The
// stanza is the session's no more; it may be sent again.
func (r *Router) Undelivered(st *module.Stanza) {
	if st.Track != nil {
		st.Track.Undelivered(st)
		return
	}
	r.redeliver(st)
}

// redeliver sends a message on to the account's other sessions or to offline
// storage, and answers a request that nobody will answer. Presence, results
// and errors end here. It is called in the order of the stanzas and hands
// storage its writes in that order; only their completion is awaited apart.
func (r *Router) redeliver(st *module.Stanza) {
	ctx := context.Background()
	switch {
	case st.Kind == stanza.Message && (st.Type == "groupchat" || st.Type == "headline" || st.Type == "error"):
	case st.Kind == stanza.Message: // all other types count as normal, §5.2.2
		r.routeAgain(ctx, st)
	case st.Kind == stanza.IQ && !st.From.IsZero():
		r.bounce(ctx, st, stanza.NewError(stanza.RecipientUnavailable, ""))
	}
}

// routeAgain skips the hooks of the way in, which have seen the message, and
// the session that is just closing.
func (r *Router) routeAgain(ctx context.Context, st *module.Stanza) {
	ev := &module.Event{Stanza: st}
	if to := receivers(r.Sessions(st.To)); len(to) > 0 {
		r.sendAll(st, to)
		return
	}
	r.offline(ctx, ev)
	if len(ev.Pending()) > 0 {
		r.awaitInBackground(ev)
	}
}

func closing(s module.Session) bool {
	b, ok := s.(Bound)
	return ok && b.Closing()
}

func (r *Router) awaitInBackground(ev *module.Event) {
	r.background.Add(1)
	go func() {
		defer r.background.Done()
		for _, p := range ev.Pending() {
			<-p.Done()
			if err := p.Err(); err != nil {
				r.Failed(context.Background(), ev.Stanza, err)
			}
		}
	}()
}
