package router

import (
	"cmp"
	"context"
	"errors"

	"parley/internal/module"
	"parley/stanza"
)

// FromClient takes a stanza that ev.Session has sent; ev.From is its full JID. It
// returns the writes that must be complete before the stanza counts as handled;
// the caller reports a failed one with Failed, and submits ev.Unit.
func (r *Router) FromClient(ctx context.Context, ev *module.Event) []module.Pending {
	whole := false
	defer func() { ev.Finish(whole) }() // even after a panic: others may wait for it
	if ev.To.IsZero() || r.passes(ctx, ev, &r.Hooks.FromClient) {
		r.fromClient(ctx, ev)
	}
	whole = true
	return ev.Pending()
}

func (r *Router) fromClient(ctx context.Context, ev *module.Event) {
	switch ev.Kind {
	case stanza.Message:
		r.clientMessage(ctx, ev)
	case stanza.Presence:
		r.clientPresence(ctx, ev)
	case stanza.IQ:
		r.iq(ctx, ev)
	}
}

// Route sends st as the server, on behalf of st.From.
func (r *Router) Route(ctx context.Context, st *module.Stanza) {
	ev := &module.Event{Stanza: st}
	r.deliver(ctx, ev)
	ev.Finish(true)
	var failed error // the first one: the sender gets one error
	for _, p := range ev.Pending() {
		select {
		case <-p.Done():
			failed = cmp.Or(failed, p.Err())
		case <-ctx.Done():
			r.Log.Error("routed stanza not stored", "jid", st.To.String(), "err", ctx.Err())
			return
		}
	}
	if failed != nil {
		r.Failed(ctx, st, failed)
	}
}

// Failed answers a stanza whose storing failed.
func (r *Router) Failed(ctx context.Context, st *module.Stanza, err error) {
	r.bounce(ctx, st, r.stanzaError(st, err))
}

func (r *Router) clientMessage(ctx context.Context, ev *module.Event) {
	if ev.To.IsZero() {
		ev.To = ev.From.Bare() // RFC 6120 §10.3.1
	}
	r.stripForged(ev.Stanza)
	if r.passes(ctx, ev, &r.Hooks.MessageFromClient) {
		r.deliver(ctx, ev)
	}
}

func (r *Router) clientPresence(ctx context.Context, ev *module.Event) {
	if !validPresenceType(ev.Type) {
		r.refuse(ctx, ev, stanza.NewError(stanza.BadRequest, "no such presence type"))
		return
	}
	r.stripForged(ev.Stanza)
	if r.passes(ctx, ev, &r.Hooks.PresenceFromClient) && !ev.To.IsZero() {
		r.deliver(ctx, ev)
	}
}

// validPresenceType: RFC 6121 §4.7.1.
func validPresenceType(t string) bool {
	switch t {
	case "", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "error":
		return true
	}
	return false
}

// passes runs a chain; false means that the stanza's way ends here.
func (r *Router) passes(ctx context.Context, ev *module.Event, chain *module.Chain[*module.Event]) bool {
	err := chain.Run(ctx, ev)
	switch {
	case err == nil:
		return true
	case !errors.Is(err, module.ErrHandled):
		r.refuse(ctx, ev, r.stanzaError(ev.Stanza, err))
	}
	return false
}

// stanzaError turns any error into what the peer may see (STYLE: three kinds).
func (r *Router) stanzaError(st *module.Stanza, err error) *stanza.Error {
	var e *stanza.Error
	if errors.As(err, &e) {
		return e
	}
	if !errors.Is(err, context.Canceled) {
		r.Log.Error("stanza not handled", "op", st.Kind.String(), "jid", st.From.String(), "err", err)
	}
	return stanza.NewError(stanza.InternalServerError, "")
}

// refuse answers what has come as ev with an error, after what its sender said
// before.
func (r *Router) refuse(ctx context.Context, ev *module.Event, e *stanza.Error) {
	if ev.Earlier != nil {
		ev.Earlier.Settle(ctx)
	}
	r.bounce(ctx, ev.Stanza, e)
}

// bounce answers st with an error, where an answer is allowed.
func (r *Router) bounce(ctx context.Context, st *module.Stanza, e *stanza.Error) {
	answer := st.Bounce(e)
	if answer == nil {
		return
	}
	if answer.From.IsZero() {
		answer.From = st.From.Bare() // no 'to' means the own account
	}
	r.deliver(ctx, &module.Event{Stanza: answer, Bounce: true})
}

// deliver brings ev's stanza to whom it is addressed (RFC 6120 §10.2 ff.).
func (r *Router) deliver(ctx context.Context, ev *module.Event) {
	switch {
	case !r.IsLocal(ev.To):
		r.toRemote(ctx, ev)
	case ev.To.Local() == "":
		r.toServer(ctx, ev)
	default:
		r.toAccount(ctx, ev)
	}
}

func (r *Router) toRemote(ctx context.Context, ev *module.Event) {
	if c := r.ComponentOf(ev.To); c != nil {
		r.toComponent(ctx, ev, c)
		return
	}
	e := stanza.NewError(stanza.RemoteServerNotFound, "") // RFC 6120 §10.4.3, of any kind
	if r.Remote != nil {
		e = r.Remote.Send(ctx, ev.Own())
	}
	if e != nil {
		r.refuse(ctx, ev, e)
	}
}

// toServer: the domain itself (RFC 6121 §8.3). IQs have owners; a message to
// the server reaches nobody; presence to it is not kept.
func (r *Router) toServer(ctx context.Context, ev *module.Event) {
	switch {
	case ev.Kind == stanza.IQ:
		r.iq(ctx, ev)
	case ev.Kind == stanza.Message && ev.Type != "headline":
		r.refuse(ctx, ev, stanza.NewError(stanza.ServiceUnavailable, ""))
	}
}

func (r *Router) toAccount(ctx context.Context, ev *module.Event) {
	switch {
	case ev.Kind == stanza.IQ:
		r.iq(ctx, ev)
	case !r.admits(ctx, ev):
	case ev.Kind == stanza.Message:
		r.messageToAccount(ctx, ev)
	case ev.Kind == stanza.Presence:
		r.presenceToAccount(ctx, ev)
	}
}

// admits asks whether the account that ev is for takes it at all.
func (r *Router) admits(ctx context.Context, ev *module.Event) bool {
	return ev.Bounce || r.passes(ctx, ev, &r.Hooks.ToAccount)
}

func (r *Router) presenceToAccount(ctx context.Context, ev *module.Event) {
	if !ev.To.IsBare() && !isSubscription(ev.Type) && ev.Type != "probe" {
		// RFC 6121 §8.5.3.1; without a match it is dropped, §8.5.3.2.2.
		if s := r.Session(ev.To); s != nil {
			s.Send(ev.Stanza)
		}
		return
	}
	if isSubscription(ev.Type) && !ev.To.IsBare() {
		ev.To = ev.To.Bare() // RFC 6121 §3.1.2: subscriptions are between bare JIDs
	}
	if !r.passes(ctx, ev, &r.Hooks.PresenceToAccount) {
		return
	}
	switch ev.Type {
	case "", "unavailable": // RFC 6121 §8.5.2.1.2
	case "error": // what became of a subscription, which is the account's
	default:
		return
	}
	for _, s := range r.Sessions(ev.To) {
		if s.Presence() != nil {
			s.Send(ev.Stanza)
		}
	}
}

func isSubscription(t string) bool {
	switch t {
	case "subscribe", "subscribed", "unsubscribe", "unsubscribed":
		return true
	}
	return false
}
