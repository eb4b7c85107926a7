package mam

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/storage"
)

// Namespaces that are announced.
const (
	NS          = "urn:xmpp:mam:2"
	NSExtended  = NS + "#extended"
	NSGroupchat = NS + "#groupchat-field"          // XEP-0313 §6: the field is understood
	NSRSM       = "http://jabber.org/protocol/rsm" // XEP-0059
	NSRetract   = "urn:xmpp:message-retract:1"     // XEP-0424
	NSTombstone = "urn:xmpp:message-retract:1#tombstone"
)

// Store keeps archives and preferences.
type Store interface {
	Writer
	Reader
	Origins
	// ArchiveRules answers ErrNotFound if they were never set.
	ArchiveRules(ctx context.Context, account string) (storage.ArchiveRules, error)
	SetArchiveRules(ctx context.Context, account string, rules storage.ArchiveRules) error
	// Accounts and PurgeMessages are for retention.
	Accounts(ctx context.Context, domain, after string, limit int) ([]storage.Account, error)
	PurgeMessages(ctx context.Context, account string, before int64, limit int) (n int, err error)
}

// Writer stores messages.
type Writer interface {
	NewMessageID() int64
	AppendMessage(ctx context.Context, m storage.Message, a storage.Append) storage.Pending
	// FindMessage returns the newest listed message that has the origin-id or
	// the id attribute id; ErrNotFound if there is none.
	FindMessage(ctx context.Context, account, peer, id string) (storage.Message, error)
	ReplaceMessage(ctx context.Context, m storage.Message) storage.Pending
	// Submit starts the writes that have joined a unit.
	Submit(ctx context.Context, u *storage.Unit, last func() (storage.Stream, bool)) storage.Pending
}

// Reader reads what is listed.
type Reader interface {
	Archive(ctx context.Context, account string, f storage.ArchiveFilter, p storage.ArchivePage) (rows []storage.Message, complete bool, err error)
	ArchiveCount(ctx context.Context, account string, f storage.ArchiveFilter) (int, error)
	ArchiveEnds(ctx context.Context, account string) (first, last storage.MessageEnd, err error)
	HasArchived(ctx context.Context, account string, ids ...int64) (bool, error)
	UndeliveredOf(ctx context.Context, account string, ids []int64) ([]int64, error)
	// SettleMessages is made after all writes for the same account that were
	// submitted before; an unknown message does no harm.
	SettleMessages([]storage.MessageRef) storage.Pending
}

// Roster tells who is in a roster.
type Roster interface {
	// Lists reports whether contact, a bare JID, is in the roster of account.
	Lists(ctx context.Context, account, contact jid.JID) (bool, error)
}

// Deliveries brings stored messages to sessions.
type Deliveries interface {
	// Track returns the tracker of a message for account that was given to
	// storage with that id; p is its write.
	Track(account jid.JID, id int64, p storage.Pending) module.Tracker
	// Unstored returns the tracker of a message for account that is stored only
	// if need be, by store, under that id.
	Unstored(account jid.JID, id int64, store func(*module.Stanza) storage.Pending) module.Tracker
	// Retrieved returns the tracker of an archive result sent to s for the
	// undelivered row id: when it is acknowledged the row is settled, and s is
	// not sent it again.
	Retrieved(s module.Session, id int64) module.Tracker
	// Written returns when the messages for account that have a tracker are
	// stored, or have failed; also those that have only joined a unit so far.
	Written(ctx context.Context, account jid.JID) error
	// Fetches says that s was bound with XEP-0386: what the archive has now is
	// not sent to it (§4).
	Fetches(ctx context.Context, s module.Session)
}

// Options of the archive. Zero values stand for the defaults.
type Options struct {
	IDs     IDs    // XEP-0313 §3.1 wants them unpredictable; Numbers
	Default string // what is archived unless the account says otherwise: DefaultAlways
	Page    int    // the most results of a query; 100
	// PageBytes is how much a page may hold; 256 KiB. One result always fits. It
	// must be well below what a session's queue holds.
	PageBytes int
	MaxRules  int // JIDs in an account's preferences; 1000
	// MaxUndelivered is how many messages may wait for an account that is not
	// there; 1000.
	MaxUndelivered int
	Retention      time.Duration // how long messages are kept; 0: forever
}

func (o Options) withDefaults() Options {
	if o.Default == "" {
		o.Default = DefaultAlways
	}
	if o.IDs == nil {
		o.IDs = Numbers{}
	}
	o.Page = orDefault(o.Page, 100)
	o.PageBytes = orDefault(o.PageBytes, 256<<10)
	o.MaxRules = orDefault(o.MaxRules, 1000)
	o.MaxUndelivered = orDefault(o.MaxUndelivered, 1000)
	return o
}

func orDefault(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// Module is the feature.
type Module struct {
	store      Store
	roster     Roster
	deliveries Deliveries
	opts       Options
	host       module.Host // set by Register
	rules      rulesCache
	origins    origins

	sweeping  sync.WaitGroup
	endSweeps context.CancelFunc // set by Start, owned by the caller of Start and Wait
}

// New returns the feature.
func New(store Store, roster Roster, deliveries Deliveries, opts Options) *Module {
	return &Module{store: timely{store}, roster: timelyRoster{roster}, deliveries: deliveries, opts: opts.withDefaults()}
}

// Spec names the standards.
func (*Module) Spec() []module.Spec {
	return []module.Spec{
		{Number: "XEP-0059", Title: "Result Set Management", Version: "1.0.0", Status: "for archives; no pages by index"},
		{Number: "XEP-0297", Title: "Stanza Forwarding", Version: "1.0", Status: "complete"},
		{Number: "XEP-0313", Title: "Message Archive Management", Version: "1.1.3", Status: "archives of accounts and rooms, extended"},
		{Number: "XEP-0334", Title: "Message Processing Hints", Version: "1.0.0", Status: "complete"},
		{Number: "XEP-0359", Title: "Unique and Stable Stanza IDs", Version: "0.7.0", Status: "complete; a message sent again with the same origin-id arrives once"},
		{Number: "XEP-0424", Title: "Message Retraction", Version: "0.4.2", Status: "tombstones in archives of accounts and rooms"},
		{Number: "XEP-0441", Title: "Message Archive Management Preferences", Version: "0.2.0", Status: "complete but for the ad-hoc command"},
	}
}

// Register takes part in the server.
func (m *Module) Register(r *module.Registrar) {
	m.host = r.Host()
	r.IQ(module.ToAccount, module.Get, NS, "query", m.owner(m.form))
	r.IQ(module.ToAccount, module.Set, NS, "query", m.owner(m.query))
	r.IQ(module.ToAccount, module.Get, NS, "metadata", m.owner(m.metadata))
	r.IQ(module.ToAccount, module.Get, NS, "prefs", m.owner(m.getPrefs))
	r.IQ(module.ToAccount, module.Set, NS, "prefs", m.owner(m.setPrefs))
	r.Inline(NS, m.inline)
	r.Feature(module.ToAccount, NSExtended, NSGroupchat, NSRSM, NSStanzaID, nsHints, NSRetract, NSTombstone)
	r.Feature(module.ToServer, NSStanzaID, nsHints, NSRetract)
	r.Hooks.MessageToAccount.Add(module.StageRewrite, m.arrives)
	r.Hooks.MessageFromClient.Add(module.StageArchive, m.sent)
	r.Hooks.MessageArchive.Add(module.StageArchive, m.received)
	r.Hooks.SessionBound.Add(module.StageArchive, m.bound)
	r.Hooks.SessionClosed.Add(module.StageDeliver, m.closed)
	r.Hooks.AccountRemoved.Add(module.StageDeliver, m.removed)
}

// bound reads the preferences of an account before they are needed: while the
// database is away those who are there go on talking, and what they say is stored
// as they want it when it is back.
func (m *Module) bound(ctx context.Context, s module.Session) error {
	if _, err := m.rulesOf(ctx, s.JID().Bare()); err != nil {
		m.logger().Warn("preferences not read", "jid", s.JID().String(), "err", err)
	}
	return nil
}

// closed forgets the preferences of an account that nobody is logged in to. They
// are read again when they are needed, which finds out who has its name by then.
func (m *Module) closed(_ context.Context, s module.Session) error {
	if account := s.JID().Bare(); len(m.host.Sessions(account)) == 0 {
		m.rules.drop(account)
	}
	return nil
}

// removed forgets what is known of an account that is gone.
func (m *Module) removed(_ context.Context, account jid.JID) error {
	m.rules.drop(account)
	m.origins.drop(account)
	return nil
}

func (m *Module) logger() *slog.Logger { return m.host.Logger("mam") }

var _ module.Module = (*Module)(nil)
