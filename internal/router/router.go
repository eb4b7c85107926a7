// Package router decides who gets a stanza (RFC 6120 §10, RFC 6121 §8) and
// keeps the table of bound resources.
//
// It asks the modules through their registrations and knows none of them. A
// stanza for another domain goes to Remote; without one it is answered with
// remote-server-not-found.
package router

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// Users tells which accounts exist.
type Users interface {
	// Exists reports whether the account (a bare JID of ours) exists and may
	// be used.
	Exists(ctx context.Context, account jid.JID) (bool, error)
}

// Remote takes stanzas for domains that are not served here.
type Remote interface {
	// Send takes over st or says why not.
	Send(ctx context.Context, st *module.Stanza) *stanza.Error
}

// Options configure a Router.
type Options struct {
	Domain       jid.JID
	Users        Users
	Remote       Remote // nil: no other domain can be reached
	MaxResources int    // sessions per account; 0: no limit
	Log          *slog.Logger
}

// Router implements module.Host.
type Router struct {
	Options
	*module.Registrar // filled before the first connection, then only read
	table             table
	started           time.Time
}

var _ module.Host = (*Router)(nil)

// New returns a router. Modules are to be registered with its Registrar
// before the first connection.
func New(opts Options) *Router {
	r := &Router{Options: opts, started: time.Now()}
	r.Registrar = module.NewRegistrar(r)
	return r
}

// Domain returns the domain that the server serves.
func (r *Router) Domain() jid.JID { return r.Options.Domain }

// IsLocal reports whether j's domain is served here.
func (r *Router) IsLocal(j jid.JID) bool { return j.Domain() == r.Options.Domain.Domain() }

// AccountExists reports whether the account exists and is not disabled. One
// with a bound session does, and storage is not asked.
func (r *Router) AccountExists(ctx context.Context, account jid.JID) (bool, error) {
	if len(r.table.sessions(account)) > 0 {
		return true, nil
	}
	return r.Users.Exists(ctx, account)
}

// Sessions returns the account's bound sessions but for those that are handing
// back what they did not deliver. The slice must not be changed.
func (r *Router) Sessions(account jid.JID) []module.Session {
	l := r.table.list(account.Bare())
	if !slices.ContainsFunc(l.bound, Bound.Closing) { // asked of each contact of each broadcast
		return l.sessions
	}
	return slices.DeleteFunc(slices.Clone(l.sessions), closing)
}

// Session returns the bound session of a full JID, or nil.
func (r *Router) Session(full jid.JID) module.Session { return r.table.session(full) }

// EachSession calls f for every bound session. Sessions that are bound or end
// meanwhile may be missed.
func (r *Router) EachSession(f func(module.Session)) { r.table.each(f) }

// AnnouncedFeatures returns what disco#info of target announces.
func (r *Router) AnnouncedFeatures(target module.Target) []string { return r.Features(target) }

// AnnouncedIdentities returns the identities of target.
func (r *Router) AnnouncedIdentities(target module.Target) []module.Identity {
	return r.Identities(target)
}

// Logger returns the logger of a module.
func (r *Router) Logger(name string) *slog.Logger { return r.Log.With("module", name) }

// Started returns when the router was made.
func (r *Router) Started() time.Time { return r.started }

// EndSessions ends the account's sessions with the given error.
func (r *Router) EndSessions(account jid.JID, e *stanza.StreamError) {
	for _, s := range r.Sessions(account) {
		s.End(e)
	}
}

// AccountRemoved ends the account's sessions and tells the modules.
func (r *Router) AccountRemoved(ctx context.Context, account jid.JID) {
	r.EndSessions(account, &stanza.StreamError{Condition: stanza.StreamNotAuthorized, Text: "the account was removed"})
	if err := r.Hooks.AccountRemoved.Run(ctx, account.Bare()); err != nil {
		r.Log.Error("account removal hook failed", "jid", account.String(), "err", err)
	}
}
