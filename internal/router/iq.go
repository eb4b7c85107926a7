package router

import (
	"context"
	"errors"

	"parley/internal/module"
	"parley/stanza"
)

// iq brings a request to its one owner or to a session, and an answer to the
// session that asked.
func (r *Router) iq(ctx context.Context, ev *module.Event) {
	if e := checkIQ(ev.Stanza); e != nil {
		r.bounce(ctx, ev.Stanza, e)
		return
	}
	request := ev.Type == "get" || ev.Type == "set"
	switch {
	case !ev.To.IsZero() && !r.IsLocal(ev.To):
		r.toRemote(ctx, ev)
	case ev.To.Local() != "" && !r.admits(ctx, ev):
	case ev.To.Local() != "" && !ev.To.IsBare():
		r.iqToSession(ctx, ev)
	case !request:
		// An answer to the server or to an account: nobody waits for it.
	default:
		r.answer(ctx, ev)
	}
}

// checkIQ: RFC 6120 §8.2.3.
func checkIQ(st *module.Stanza) *stanza.Error {
	switch {
	case st.ID == "" && st.Type != "error": // our answer to one without id has none either
		return stanza.NewError(stanza.BadRequest, "an IQ needs an id")
	case st.Type == "get" || st.Type == "set":
		if len(st.Children) != 1 {
			return stanza.NewError(stanza.BadRequest, "a request has exactly one payload element")
		}
	case st.Type == "result":
		if len(st.Children) > 1 {
			return stanza.NewError(stanza.BadRequest, "a result has at most one payload element")
		}
	case st.Type != "error":
		return stanza.NewError(stanza.BadRequest, "no such IQ type")
	}
	return nil
}

// iqToSession: RFC 6121 §8.5.3.1, §8.5.3.2.3.
func (r *Router) iqToSession(ctx context.Context, ev *module.Event) {
	if (ev.Type == "get" || ev.Type == "set") && !r.passes(ctx, ev, &r.Hooks.RequestToSession) {
		return
	}
	if s := r.Session(ev.To); s != nil {
		s.Send(ev.Stanza)
		return
	}
	r.bounce(ctx, ev.Stanza, stanza.NewError(stanza.ServiceUnavailable, ""))
}

// answer asks the owner of the request (RFC 6121 §8.5.2.1.3: the server
// answers for the account).
func (r *Router) answer(ctx context.Context, ev *module.Event) {
	target := module.ToAccount
	if !ev.To.IsZero() && ev.To.Local() == "" {
		target = module.ToServer
		if !ev.To.IsBare() {
			r.bounce(ctx, ev.Stanza, stanza.NewError(stanza.ServiceUnavailable, "")) // no such resource of the server
			return
		}
	}
	child := ev.Children[0]
	handler := r.Handler(module.IQKey{
		Target: target, Type: module.IQType(ev.Type),
		Space: string(child.Space), Local: string(child.Local),
	})
	if handler == nil {
		r.bounce(ctx, ev.Stanza, stanza.NewError(stanza.ServiceUnavailable, "")) // RFC 6120 §8.4
		return
	}
	reply, err := handler(ctx, &module.IQ{Stanza: ev.Stanza, Request: ev.First(), Session: ev.Session})
	switch {
	case errors.Is(err, module.ErrHandled):
	case err != nil:
		r.bounce(ctx, ev.Stanza, r.stanzaError(ev.Stanza, err))
	default:
		r.deliver(ctx, &module.Event{Stanza: result(ev.Stanza, reply)})
	}
}

// result returns the answer to request. Without a 'to' in the request, 'from'
// is the own bare JID (RFC 6120 §8.1.2.1).
func result(request *module.Stanza, payload *stanza.Element) *module.Stanza {
	from := request.To
	if from.IsZero() {
		from = request.From.Bare()
	}
	st := module.NewStanza(stanza.IQ, "result", from, request.From)
	st.ID = request.ID
	if payload != nil {
		st.Append(payload)
	}
	return st
}
