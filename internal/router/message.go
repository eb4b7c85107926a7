package router

import (
	"context"
	"slices"
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
	switch r.fate(ev.Stanza) {
	case fateDrop:
	case fateBounce:
		r.refuse(ctx, ev, stanza.NewError(stanza.ServiceUnavailable, ""))
	case fateAll:
		r.sendAll(ev.Stanza, receivers(r.table.sessions(ev.To)))
	case fateReach:
		r.reach(ctx, ev)
	}
}

// fate is what RFC 6121 §8.5 says of a message to an account.
type fate uint8

const (
	fateDrop   fate = iota
	fateBounce      // service-unavailable
	fateAll         // to all receivers there are, if any
	fateReach       // to its receivers; without one it waits for one
)

func (r *Router) fate(st *module.Stanza) fate {
	if !st.To.IsBare() && r.Session(st.To) != nil {
		return fateReach // §8.5.3.1, whatever its type or the session's priority
	}
	switch {
	case st.Type == "error":
		return fateDrop // §8.5.2.1.1, §8.5.3.2.1: never answered, never stored
	case st.Type == "headline" && st.To.IsBare():
		return fateAll
	case st.Type == "headline":
		return fateDrop
	case st.Type == "groupchat":
		return fateBounce // §8.5.2.1.1
	case st.Type == "chat", st.To.IsBare(): // what is unknown counts as normal (§5.2.2)
		return fateReach
	}
	return fateBounce // §8.5.3.2.1
}

// destination returns the sessions that a message which is to reach its account
// goes to now: the one addressed or, for the bare JID, every resource with a
// non-negative priority (§8.5.2.1.1 allows that or the most available one: all
// of a person's devices ring). One that is closing hands the message on, after
// what came before.
func (r *Router) destination(st *module.Stanza) []module.Session {
	if !st.To.IsBare() {
		if s := r.table.only(st.To); s != nil {
			return s
		}
		if st.Type != "chat" {
			return nil // it has just gone; only chat may go to others (§8.5.3.2.1)
		}
	}
	return receivers(r.table.sessions(st.To.Bare()))
}

// reach stores the message and sends it to its receivers.
func (r *Router) reach(ctx context.Context, ev *module.Event) {
	ev.Receivers = r.destination(ev.Stanza)
	if !r.passes(ctx, ev, &r.Hooks.MessageArchive) {
		return
	}
	// Storing may have taken time. Who has become available meanwhile, too late
	// to find the message in storage, is found now.
	ev.Receivers = r.destination(ev.Stanza)
	if !r.passes(ctx, ev, &r.Hooks.MessageCopy) {
		return
	}
	switch {
	case ev.Track != nil:
		sendTracked(ev.Stanza, ev.Receivers)
	case len(ev.Receivers) > 0:
		r.sendAll(ev.Stanza, ev.Receivers)
	case worthless(ev.Stanza): // who was there to see it has just gone
	default:
		r.refuse(ctx, ev, stanza.NewError(stanza.ServiceUnavailable, "")) // §8.5.2.2.1, §8.5.1
	}
}

// sendTracked sends st to those that its tracker does not serve by itself.
func sendTracked(st *module.Stanza, to []module.Session) {
	refused := func(s module.Session) bool { return !st.Track.Takes(s, st) }
	if slices.ContainsFunc(to, refused) {
		to = slices.DeleteFunc(slices.Clone(to), refused)
	}
	if len(to) == 0 {
		return
	}
	st.Own()
	st.Track.Sent(len(to))
	for _, s := range to {
		s.Send(st)
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
	copied.Track = &anyOf{router: r}
	copied.Track.Sent(len(to))
	for _, s := range to {
		s.Send(copied)
	}
}

// anyOf tracks one message that nobody stored, sent to several sessions of an
// account.
type anyOf struct {
	router    *Router
	left      atomic.Int32
	delivered atomic.Bool
}

// Takes implements module.Tracker.
func (a *anyOf) Takes(module.Session, *module.Stanza) bool { return true }

// Sent implements module.Tracker.
func (a *anyOf) Sent(n int) { a.left.Store(int32(n)) }

// Delivered implements module.Tracker.
func (a *anyOf) Delivered(*module.Stanza) {
	a.delivered.Store(true)
	a.left.Add(-1)
}

// Undelivered implements module.Tracker.
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

// redeliver sends a message that was not stored on to the account's other
// sessions or tells its sender, and answers a request that nobody will answer.
// Presence, results and errors end here.
func (r *Router) redeliver(st *module.Stanza) {
	ctx := context.Background()
	switch {
	case st.Kind == stanza.Message && (st.Type == "groupchat" || st.Type == "headline" || st.Type == "error"):
	case st.Kind == stanza.Message && st.From == st.To.Bare(): // the server's own, for that session (XEP-0280, XEP-0313)
	case st.Kind == stanza.Message: // all other types count as normal, §5.2.2
		r.routeAgain(ctx, st)
	case st.Kind == stanza.IQ && (st.Type == "get" || st.Type == "set") && !st.From.IsZero():
		r.bounce(ctx, st, stanza.NewError(stanza.RecipientUnavailable, ""))
	}
}

// routeAgain skips the hooks, which have seen the message, and the session that
// is just closing.
func (r *Router) routeAgain(ctx context.Context, st *module.Stanza) {
	if to := receivers(r.Sessions(st.To)); len(to) > 0 {
		r.sendAll(st, to)
		return
	}
	if !worthless(st) {
		r.bounce(ctx, st, stanza.NewError(stanza.ServiceUnavailable, ""))
	}
}

// worthless reports whether nobody misses a message that was not delivered: it
// says nothing but what its sender is doing (XEP-0085).
func worthless(st *module.Stanza) bool {
	for i := range st.Children {
		c := &st.Children[i]
		if string(c.Space) != nsChatStates && string(c.Space) != nsHints && !c.Is(stanza.NSClient, "thread") {
			return false
		}
	}
	return true
}

const (
	nsChatStates = "http://jabber.org/protocol/chatstates" // XEP-0085
	nsHints      = "urn:xmpp:hints"                        // XEP-0334
)

func closing(s module.Session) bool {
	b, ok := s.(Bound)
	return ok && b.Closing()
}
