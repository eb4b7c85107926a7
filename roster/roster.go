package roster

import (
	"context"
	"sync/atomic"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// Namespaces of RFC 6121.
const (
	NS            = "jabber:iq:roster"
	NSVersioning  = "urn:xmpp:features:rosterver"    // §2.6.1
	NSPreApproval = "urn:xmpp:features:pre-approval" // §3.4.1
)

// Store keeps rosters. Every method is one atomic step.
type Store interface {
	Roster(ctx context.Context, account string) (storage.Roster, error)
	RosterSince(ctx context.Context, account string, version uint64) (storage.RosterDelta, bool, error)
	UpdateRoster(ctx context.Context, account, contact string, maxItems int,
		change func(item *storage.RosterItem, exists bool) (keep bool, err error),
	) (before, after storage.RosterItem, version uint64, err error)
}

// Presences is what a change of subscription asks of presence.
type Presences interface {
	// Introduce sends contact the presence of every available resource of
	// account (RFC 6121 §3.1.5).
	Introduce(ctx context.Context, account, contact jid.JID)
	// Withdraw sends contact "unavailable" from every available resource of
	// account (RFC 6121 §3.2.2, §3.3.3).
	Withdraw(ctx context.Context, account, contact jid.JID)
}

// Options bound a roster. Zero values stand for the defaults.
type Options struct {
	MaxItems   int // contacts in a roster; 2000
	MaxPending int // strangers' requests waiting for an answer; 500. More are dropped
	MaxName    int // bytes of a contact's or group's name; 1023
	MaxGroups  int // groups of one contact; 50
	MaxRequest int // payload bytes of a request that are kept to show it again; 4096
	CacheBytes int // bytes of encoded rosters kept in memory, of all accounts; 16 MiB
}

func (o Options) withDefaults() Options {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.MaxItems, 2000)
	set(&o.MaxPending, 500)
	set(&o.MaxName, 1023)
	set(&o.MaxGroups, 50)
	set(&o.MaxRequest, 4096)
	set(&o.CacheBytes, 16<<20)
	return o
}

// Module is the roster feature.
type Module struct {
	store     Store
	opts      Options
	presences Presences
	barrier   Barrier // nil: none
	host      module.Host

	pairs      locks[pair]    // held over a subscription change on both sides
	accounts   locks[jid.JID] // held over one roster's change and its pushes
	cache      cache
	encoded    encoded
	interested module.SessionValue[bool] // has asked for the roster, RFC 6121 §2.2
	pushes     atomic.Uint64             // numbers the ids of pushes
	removing   leavers
}

// New returns the feature. SetPresences must follow before the first
// connection.
func New(store Store, opts Options) *Module {
	opts = opts.withDefaults()
	return &Module{
		store: store, opts: opts, encoded: encoded{max: opts.CacheBytes},
		interested: module.NewSessionValue[bool](),
	}
}

// SetPresences hands over the presence module.
func (m *Module) SetPresences(p Presences) { m.presences = p }

// Barrier tells from whom an account takes nothing, and whom it sends nothing
// (XEP-0191).
type Barrier interface {
	// Blocks is asked for accounts that have sessions.
	Blocks(ctx context.Context, account, peer jid.JID) bool
}

// SetBarrier hands it over, before the first connection.
func (m *Module) SetBarrier(b Barrier) { m.barrier = b }

func (m *Module) blocks(ctx context.Context, account, contact jid.JID) bool {
	return m.barrier != nil && m.barrier.Blocks(ctx, account, contact)
}

// Spec names the standard.
func (m *Module) Spec() []module.Spec {
	return []module.Spec{
		{Number: "RFC 6121", Title: "XMPP: Instant Messaging and Presence, §2 rosters, §3 subscriptions", Status: "complete"},
		{Number: "XEP-0237", Title: "Roster Versioning", Version: "1.3", Status: "complete"},
	}
}

// Register takes part in the server.
func (m *Module) Register(r *module.Registrar) {
	r.Save(module.SaveFlag("roster.interested", m.interested))
	m.host = r.Host()
	r.IQ(module.ToAccount, module.Get, NS, "query", m.get)
	r.IQ(module.ToAccount, module.Set, NS, "query", m.set)
	r.StreamFeature(afterAuthentication(NSVersioning, "ver"))
	r.StreamFeature(afterAuthentication(NSPreApproval, "sub"))
	r.Hooks.PresenceFromClient.Add(module.StageDeliver, m.fromClient)
	r.Hooks.PresenceToAccount.Add(module.StageDeliver, m.toAccount)
	r.Hooks.SessionAvailable.Add(module.StageDeliver, m.sessionAvailable)
	// After presence, which still needs the contacts to say goodbye.
	r.Hooks.SessionClosed.Add(module.StageCopy, m.sessionClosed)
	r.Hooks.AccountRemoved.Add(module.StageDeliver, m.accountRemoved)
}

func afterAuthentication(space, local string) module.StreamFeature {
	feature := stanza.New(space, local)
	return func(st module.StreamState) *stanza.Element {
		if !st.Authenticated {
			return nil
		}
		return feature
	}
}
