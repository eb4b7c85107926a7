package presence

import (
	"context"
	"iter"
	"log/slog"

	"parley/internal/jid"
	"parley/internal/module"
)

// Subscriptions is what presence asks of the roster.
type Subscriptions interface {
	// Subscribers yields the contacts who see account's presence.
	Subscribers(ctx context.Context, account jid.JID) (iter.Seq[jid.JID], error)
	// Subscriptions yields the contacts whose presence account sees.
	Subscriptions(ctx context.Context, account jid.JID) (iter.Seq[jid.JID], error)
	// IsSubscriber reports whether contact may see account's presence.
	IsSubscriber(ctx context.Context, account, contact jid.JID) (bool, error)
	// Repair ends contact's subscription to account if it is one-sided.
	Repair(ctx context.Context, account, contact jid.JID) error
}

// Options bound what a session may make the server remember. Zero values stand
// for the defaults.
type Options struct {
	MaxDirected int // addresses with directed presence at a time, per session; 1000
	// HideDetached shows a session that waits for its client to come back
	// (XEP-0198 §5) as unavailable. It still takes messages.
	HideDetached bool
}

// Module is the presence feature.
type Module struct {
	subs  Subscriptions
	opts  Options
	host  module.Host
	hooks *module.Hooks

	barrier Barrier // nil: none

	directed module.SessionValue[*directed]
	hidden   module.SessionValue[bool]
}

// New returns the feature.
func New(subs Subscriptions, opts Options) *Module {
	if opts.MaxDirected <= 0 {
		opts.MaxDirected = 1000
	}
	return &Module{subs: subs, opts: opts, directed: module.NewSessionValue[*directed](), hidden: module.NewSessionValue[bool]()}
}

// Spec names the standard.
func (m *Module) Spec() []module.Spec {
	return []module.Spec{{Number: "RFC 6121", Title: "XMPP: Instant Messaging and Presence, §4 presence", Status: "complete"}}
}

// Register takes part in the server.
func (m *Module) Register(r *module.Registrar) {
	m.host, m.hooks = r.Host(), &r.Hooks
	r.Hooks.PresenceFromClient.Add(module.StageDeliver, m.fromClient)
	r.Hooks.PresenceToAccount.Add(module.StageDeliver, m.toAccount)
	r.Hooks.SessionClosed.Add(module.StageDeliver, m.sessionClosed)
	r.Save(module.SaveFlag("presence.hidden", m.hidden))
	r.Save(module.SavedValue{Name: "presence.directed", Save: m.saveDirected, Load: m.loadDirected})
	if m.opts.HideDetached {
		r.Hooks.SessionDetached.Add(module.StageDeliver, m.hide)
		r.Hooks.SessionResumed.Add(module.StageDeliver, m.show)
	}
}

func (m *Module) logger() *slog.Logger { return m.host.Logger("presence") }

var _ module.Module = (*Module)(nil)
