// Package register implements In-Band Registration (XEP-0077): making an
// account on a connection that has not logged in, and changing the password of
// one's own account or removing it afterwards; with invitations, also
// Pre-Authenticated In-Band Registration (XEP-0445).
//
// Before login the connection owns a Stream, which remembers its invitation
// and is given every IQ (§3.1). After login the requests come as IQs to the
// server or to the own account; for anybody else's account they are forbidden,
// whether it exists or not.
//
// An invitation is checked when it is presented, and used up only by an
// account that was made (XEP-0445 §4). Both stream features are announced: the
// one of the text, urn:xmpp:ibr-token:0, and urn:xmpp:invite, which clients
// know from earlier versions.
//
// Forms (jabber:x:data) are accepted but not offered: there is no field that
// they could add. Errors never repeat the request, which holds a password
// (§3.3), and no password is logged.
//
// Against abuse: registration needs a secure stream, and each address has an
// hourly allowance, of which a name that is taken costs a tenth, so that names
// cannot be tried out in bulk. IPv6 addresses count by their /64.
package register

import (
	"context"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/storage"
)

// The namespaces in use.
const (
	NS        = "jabber:iq:register"
	NSPreauth = "urn:xmpp:pars:0" // XEP-0379, used by XEP-0445

	nsFeature       = "http://jabber.org/features/iq-register"
	nsTokenFeature  = "urn:xmpp:ibr-token:0"
	nsInviteFeature = "urn:xmpp:invite"
	nsData          = "jabber:x:data"
)

// Mode says who may register.
type Mode string

// The modes.
const (
	Open   Mode = "open"   // everybody
	Invite Mode = "invite" // who has an invitation
	Closed Mode = "closed" // nobody
)

const (
	// DefaultPerHour is how many accounts one address may make in an hour.
	DefaultPerHour = 5
	// DefaultMinPassword is the least length of a password, in characters.
	DefaultMinPassword = 8
	// Off, as Options.PerHour, lifts the limit.
	Off = -1
)

// Options are the rules of registration.
type Options struct {
	Mode         Mode     // Closed if empty
	PerHour      int      // accounts per address and hour; 0: DefaultPerHour; Off: no limit
	MinPassword  int      // characters; 0: DefaultMinPassword
	Reserved     []string // localparts that nobody can register
	Instructions string   // shown by clients; a default in English if empty
}

// Accounts changes accounts. An error that is a *stanza.Error is shown to the
// user as it is (not-acceptable for a password that cannot be used); all
// others but storage.ErrConflict and ErrNotFound are ours, and only logged.
type Accounts interface {
	// Create makes the account; storage.ErrConflict if it exists.
	Create(ctx context.Context, account jid.JID, password string) error
	// SetPassword replaces the password of the account that a session belongs to.
	// Whatever else was let in with the old one must go, but not that session,
	// whose full JID is given.
	SetPassword(ctx context.Context, session jid.JID, password string) error
	// Remove cancels the account's subscriptions and deletes all its data.
	// Host.AccountRemoved is called by this package.
	Remove(ctx context.Context, account jid.JID) error
}

// Invites keeps invitations.
type Invites interface {
	// Invite returns an invitation that can be used at that time;
	// storage.ErrNotFound for all others.
	Invite(ctx context.Context, token string, now time.Time) (storage.Invite, error)
	// UseInvite uses it up; storage.ErrNotFound if it cannot be used.
	UseInvite(ctx context.Context, token string, now time.Time) (storage.Invite, error)
	// CreateInvite brings back one that was used in vain.
	CreateInvite(ctx context.Context, invite storage.Invite) error
}

// Spec names the standards.
func (*Module) Spec() []module.Spec {
	return []module.Spec{
		{Number: "XEP-0077", Title: "In-Band Registration", Version: "2.4", Status: "complete; forms accepted, not offered"},
		{Number: "XEP-0445", Title: "Pre-Authenticated In-Band Registration", Version: "0.2.0", Status: "complete"},
	}
}
