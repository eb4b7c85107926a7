// Package module is the contract between the server and its features: what a
// feature may register (Registrar) and what it may ask for (Host).
//
// A feature is a type with New, Spec and Register. It registers typed handlers
// once, before the first connection; afterwards the tables are only read, so
// they need no lock. Two kinds of extension exist: exactly one owner (an IQ
// payload for a target; a second one stops the program at start) and many in
// order (Hooks, by named Stage).
//
// A feature imports this package, storage, stanza and jid, and never another
// feature, the router, session or c2s. What one feature needs of another it
// declares as an interface, and internal/server hands it over.
package module

import (
	"context"
	"log/slog"
	"time"

	"parley/internal/jid"
	"parley/stanza"
)

// Module is one feature.
type Module interface {
	// Spec names the standards the feature implements; the table in
	// README.md is printed from these.
	Spec() []Spec
	// Register is called once, before the first connection.
	Register(*Registrar)
}

// Spec is one row of the support table.
type Spec struct {
	Number  string // "XEP-0199", "RFC 6121"
	Title   string
	Version string // version of the text that was followed; empty for RFCs
	Status  string // "complete" or what is left out
}

// Host is what a feature may ask of the server it runs in. All methods may be
// called from any goroutine and none is called while the host holds a lock.
type Host interface {
	// Domain returns the domain that the server serves, as a bare JID.
	Domain() jid.JID
	// IsLocal reports whether j's domain is served here.
	IsLocal(j jid.JID) bool
	// AccountExists reports whether account (a bare JID of ours) exists and
	// is not disabled.
	AccountExists(ctx context.Context, account jid.JID) (bool, error)
	// Sessions returns a snapshot of the account's bound sessions, in no
	// particular order. It never holds a session that has ended.
	Sessions(account jid.JID) []Session
	// Session returns the bound session of a full JID, or nil.
	Session(full jid.JID) Session
	// Route sends st on behalf of st.From, following RFC 6121 §8 and RFC 6120
	// §10. A stanza that cannot be delivered bounces to st.From. Hooks for
	// the sending client are not run: st is the server's own.
	Route(ctx context.Context, st *Stanza)
	// AnnouncedFeatures returns what disco#info of target announces: every
	// registered namespace, sorted, without doubles.
	AnnouncedFeatures(target Target) []string
	// AnnouncedIdentities returns the registered identities of target.
	AnnouncedIdentities(target Target) []Identity
	// AccountRemoved ends the account's sessions with <not-authorized/> and
	// runs Hooks.AccountRemoved. The caller has removed it from storage.
	AccountRemoved(ctx context.Context, account jid.JID)
	// Logger returns the logger for the named module.
	Logger(module string) *slog.Logger
	// Started returns when the server started.
	Started() time.Time
}

// Session is one bound resource (RFC 6120 §7).
type Session interface {
	// JID returns the full JID.
	JID() jid.JID
	// Send queues st for the client and never waits. st and its payload
	// must not be changed afterwards; a payload that is still the reader's
	// (see Stanza.Own) is copied. After the session has ended, or when its
	// queue is full, st goes the way of an undelivered stanza (Tracker).
	Send(st *Stanza)
	// Presence returns what the session last announced; nil while it is
	// bound but has sent no initial presence, or went unavailable.
	Presence() *Availability
	// SetPresence records it; only the presence module calls it.
	SetPresence(*Availability)
	// FeatureValues is for SessionValue; embed Values to have it.
	FeatureValues() *Values
	// Managed reports whether the client acknowledges stanzas (XEP-0198).
	Managed() bool
	// End closes the session's stream with the given error; nil closes it
	// without one. It does not wait.
	End(*stanza.StreamError)
	// Secure reports whether the stream is under TLS or comes from loopback.
	Secure() bool
	// RemoteAddr returns the client's address without port, for logs.
	RemoteAddr() string
}

// Availability is the state of an available resource (RFC 6121 §4.2).
type Availability struct {
	Priority int8    // RFC 6121 §4.7.2.3
	Stanza   *Stanza // the last broadcast presence; From is the full JID, To is zero
	Since    time.Time
	// Stretch is the same for as long as the session takes messages for its
	// account without a break: from when it became available with a priority
	// that is not negative, or took such a one.
	Stretch *Stretch
}

// Stretch is a time for which a session takes messages; only its address counts.
type Stretch struct{ _ byte }
