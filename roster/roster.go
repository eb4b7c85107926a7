package roster

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
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
	return o
}

// Module is the roster feature.
type Module struct {
	store     Store
	opts      Options
	presences Presences
	host      module.Host

	accounts   accounts
	interested module.SessionValue[bool] // has asked for the roster, RFC 6121 §2.2
	pushes     atomic.Uint64             // numbers the ids of pushes
	removing   leavers
}

// New returns the feature. SetPresences must follow before the first
// connection.
func New(store Store, opts Options) *Module {
	return &Module{store: store, opts: opts.withDefaults(), interested: module.NewSessionValue[bool]()}
}

// SetPresences hands over the presence module.
func (m *Module) SetPresences(p Presences) { m.presences = p }

// Spec names the standard.
func (m *Module) Spec() []module.Spec {
	return []module.Spec{
		{Number: "RFC 6121", Title: "XMPP: Instant Messaging and Presence, §2 rosters, §3 subscriptions", Status: "complete"},
		{Number: "XEP-0237", Title: "Roster Versioning", Version: "1.3", Status: "complete"},
	}
}

// Register takes part in the server.
func (m *Module) Register(r *module.Registrar) {
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

// Contacts returns the account's contacts. It is a look-up in memory while the
// account has sessions; of others it is read from storage. An unknown account
// has none.
func (m *Module) Contacts(ctx context.Context, account jid.JID) (*Snapshot, error) {
	if s := m.accounts.cached(account); s != nil {
		return s, nil
	}
	if len(m.host.Sessions(account)) == 0 {
		return m.load(ctx, account)
	}
	a, err := m.accounts.lock(ctx, account)
	if err != nil {
		return nil, err
	}
	defer m.accounts.unlock(ctx, a)
	return m.contacts(ctx, a)
}

// contacts is Contacts for an account that is locked.
func (m *Module) contacts(ctx context.Context, a *account) (*Snapshot, error) {
	if s := a.snapshot.Load(); s != nil {
		return s, nil
	}
	s, err := m.load(ctx, a.jid)
	// Only here, with the account locked, and sessionClosed waits for the
	// lock: no snapshot outlives the last session.
	if err == nil && len(m.host.Sessions(a.jid)) > 0 {
		a.snapshot.Store(s)
	}
	return s, err
}

func (m *Module) load(ctx context.Context, account jid.JID) (*Snapshot, error) {
	r, err := m.store.Roster(ctx, account.String())
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("roster: read: %w", err)
	}
	return newSnapshot(&r), nil
}

// Subscribers yields the contacts who see the account's presence.
func (m *Module) Subscribers(ctx context.Context, account jid.JID) (iter.Seq[jid.JID], error) {
	s, err := m.Contacts(ctx, account)
	if err != nil {
		return nil, err
	}
	return s.Subscribers(), nil
}

// Subscriptions yields the contacts whose presence the account sees.
func (m *Module) Subscriptions(ctx context.Context, account jid.JID) (iter.Seq[jid.JID], error) {
	s, err := m.Contacts(ctx, account)
	if err != nil {
		return nil, err
	}
	return s.Subscriptions(), nil
}

// IsSubscriber reports whether contact may see the account's presence.
func (m *Module) IsSubscriber(ctx context.Context, account, contact jid.JID) (bool, error) {
	s, err := m.Contacts(ctx, account)
	if err != nil {
		return false, err
	}
	c, _ := s.Item(contact)
	return c.State&bitFrom != 0, nil
}

// sessionClosed forgets the contacts of an account that has no session left.
func (m *Module) sessionClosed(ctx context.Context, s module.Session) error {
	bare := s.JID().Bare()
	if !m.accounts.known(bare) || len(m.host.Sessions(bare)) > 0 {
		return nil
	}
	a, err := m.accounts.lock(ctx, bare)
	if err != nil {
		return err
	}
	if len(m.host.Sessions(bare)) == 0 {
		a.snapshot.Store(nil)
	}
	m.accounts.unlock(ctx, a)
	return nil
}

func (m *Module) logger() *slog.Logger { return m.host.Logger("roster") }
