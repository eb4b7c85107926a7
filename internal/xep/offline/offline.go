package offline

import (
	"context"
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/storage"
)

// Names used here.
const (
	Feature = "msgoffline"     // XEP-0160 §4
	NSDelay = "urn:xmpp:delay" // XEP-0203

	nsStanzaID = "urn:xmpp:sid:0" // XEP-0359
)

// Store keeps the messages.
type Store interface {
	NewMessageID() int64
	Undelivered(ctx context.Context, account string, after int64, limit int) ([]storage.Message, error)
	SettleMessages(refs []storage.MessageRef) storage.Pending
	SettleArchived(ctx context.Context, account string, upTo int64) storage.Pending
}

// IDs writes the ids of messages as clients see them.
type IDs interface{ Format(id int64) string }

// Options bound the feature. Zero values stand for the defaults.
type Options struct {
	IDs IDs // how clients see the ids of messages; the archive's
	// Window is how many bytes may be on their way to a session that catches
	// up; 256 KiB. It must be well below what a session's queue holds.
	Window int
	// Retry is the pause before storage is asked again after an error; 1 s.
	Retry time.Duration
}

// Module is the feature.
type Module struct {
	store   Store
	opts    Options
	host    module.Host
	seed    maphash.Seed
	shards  [shards]shard
	settler settler
	since   module.SessionValue[int64] // stands for the time of the bind
	work    sync.WaitGroup             // sessions that catch up, and writes
}

// New returns the feature.
func New(store Store, opts Options) *Module {
	if opts.IDs == nil {
		opts.IDs = numbers{}
	}
	if opts.Window <= 0 {
		opts.Window = 256 << 10
	}
	if opts.Retry <= 0 {
		opts.Retry = time.Second
	}
	m := &Module{store: store, opts: opts, seed: maphash.MakeSeed(), since: module.NewSessionValue[int64]()}
	m.settler.m = m
	return m
}

// Spec names the standards.
func (m *Module) Spec() []module.Spec {
	return []module.Spec{
		{Number: "XEP-0160", Title: "Best Practices for Handling Offline Messages", Version: "1.0.1", Status: "complete"},
		{Number: "XEP-0203", Title: "Delayed Delivery", Version: "2.0", Status: "complete"},
	}
}

// Register takes part in the server.
func (m *Module) Register(r *module.Registrar) {
	m.host = r.Host()
	r.Feature(module.ToServer, Feature)
	r.Hooks.SessionBound.Add(module.StageDeliver, m.bound)
	r.Hooks.SessionAvailable.Add(module.StageDeliver, m.available)
	r.Hooks.SessionResumed.Add(module.StageDeliver, m.resumed)
	r.Hooks.SessionClosed.Add(module.StageDeliver, m.closed)
	r.Hooks.AccountRemoved.Add(module.StageDeliver, m.removed)
	m.outlive(r)
}

// Wait returns when nothing runs any more. The sessions have ended, and the
// store is still open.
func (m *Module) Wait() {
	m.settler.stop()
	m.work.Wait()
}

func (m *Module) logger() *slog.Logger { return m.host.Logger("offline") }

// Track returns the tracker of a message for account that was given to storage
// with that id; p is its write.
func (m *Module) Track(account jid.JID, id int64, p storage.Pending) module.Tracker {
	return m.newTracked(account, id, p)
}

func (m *Module) newTracked(account jid.JID, id int64, p storage.Pending) *row {
	r := m.newRow(account, id)
	r.track(p)
	p.Then(r.written)
	return r
}

// Retrieved returns the tracker of an archive result sent to s for the
// undelivered message id: s is not sent it again.
func (m *Module) Retrieved(s module.Session, id int64) module.Tracker {
	r := m.newRow(s.JID().Bare(), id)
	return &retrieval{row: r.retrieve(s)}
}

// bound notes since when the session is there.
func (m *Module) bound(_ context.Context, s module.Session) error {
	m.know(s)
	return nil
}

// Fetches says that s, which has just been bound with XEP-0386, fetches from the
// archive what was stored before: it waits no more (§4). Who tells the client
// how far the archive goes reads that afterwards, so that what comes between is
// sent.
func (m *Module) Fetches(ctx context.Context, s module.Session) {
	upTo := m.know(s)
	if upTo == 0 {
		return // it has left again
	}
	p := m.store.SettleArchived(ctx, s.JID().Bare().String(), upTo)
	p.Then(func() {
		if err := p.Err(); err != nil {
			m.logger().Error("settle what is archived", "jid", s.JID().String(), "err", err)
		}
	})
}

// Written returns when the messages for account that are on their way to the disk
// are there, or have failed.
func (m *Module) Written(ctx context.Context, j jid.JID) error {
	sh := m.shard(j)
	sh.mu.Lock()
	a := sh.accounts[j]
	sh.mu.Unlock()
	if a == nil {
		return nil
	}
	return a.written(ctx)
}

// available brings the session what waits for its account (XEP-0160 §2).
func (m *Module) available(ctx context.Context, s module.Session) error {
	if c := m.begin(s); c != nil {
		c.run(ctx)
	}
	return nil
}

// closed forgets what the session had.
func (m *Module) closed(_ context.Context, s module.Session) error {
	account := s.JID().Bare()
	sh := m.shard(account)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if a := sh.accounts[account]; a != nil {
		a.forget(s)
		sh.tidy(a)
	}
	return nil
}

// removed forgets an account. Its messages are gone from storage.
func (m *Module) removed(_ context.Context, account jid.JID) error {
	sh := m.shard(account)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if a := sh.accounts[account]; a != nil {
		a.end()
		delete(sh.accounts, account)
	}
	return nil
}

// receives reports whether messages may go to the session unasked (RFC 6121
// §4.7.2.3).
func receives(s module.Session) bool {
	p := s.Presence()
	return p != nil && p.Priority >= 0
}

// closing reports whether the session only hands back what it is given.
func closing(s module.Session) bool {
	c, ok := s.(interface{ Closing() bool })
	return ok && c.Closing()
}

var _ module.Module = (*Module)(nil)
