package offline

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// Namespaces used here.
const (
	Feature  = "msgoffline"     // XEP-0160 §4
	NSDelay  = "urn:xmpp:delay" // XEP-0203
	NSHints  = "urn:xmpp:hints" // XEP-0334
	nsStates = "http://jabber.org/protocol/chatstates"
)

// Store keeps the messages.
type Store interface {
	AppendOffline(ctx context.Context, m storage.OfflineMessage, max int) storage.Pending
	Offline(ctx context.Context, account string, after int64, limit int) ([]storage.OfflineMessage, error)
	DeleteOffline(ctx context.Context, account string, ids []int64) storage.Pending
}

// Options bound the feature. Zero values stand for the defaults.
type Options struct {
	MaxMessages int // messages kept for an account; 1000
	// Window is how many bytes may be on their way to a session at a time;
	// 256 KiB. It must be well below what a session's queue holds.
	Window int
}

// Module is the feature.
type Module struct {
	store Store
	opts  Options
	host  module.Host

	mu       sync.Mutex
	claims   map[jid.JID]*delivery // guarded by mu: accounts that are being emptied
	writes   []write               // guarded by mu: messages on their way to the disk
	emptiers sync.WaitGroup
}

// New returns the feature.
func New(store Store, opts Options) *Module {
	if opts.MaxMessages <= 0 {
		opts.MaxMessages = 1000
	}
	if opts.Window <= 0 {
		opts.Window = 256 << 10
	}
	return &Module{store: store, opts: opts, claims: map[jid.JID]*delivery{}}
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
	r.Hooks.MessageArchive.Add(module.StageArchive, m.keep)
	r.Hooks.SessionAvailable.Add(module.StageDeliver, m.available)
}

// Wait returns when nothing runs any more. The sessions have ended, and the
// store is still open.
func (m *Module) Wait() { m.emptiers.Wait() }

func (m *Module) logger() *slog.Logger { return m.host.Logger("offline") }

// keep stores a message (XEP-0160 §2 and §3).
func (m *Module) keep(ctx context.Context, ev *module.Event) error {
	if len(ev.Receivers) > 0 {
		return nil
	}
	switch judge(ev.Stanza) {
	case refuse:
		return nil
	case drop:
		return module.ErrHandled
	}
	account := ev.To.Bare()
	p := m.store.AppendOffline(ctx, storage.OfflineMessage{
		Account: account.String(), Received: time.Now(),
		From: ev.From.String(), To: ev.To.String(),
		StanzaID: ev.ID, Type: ev.Type, Lang: ev.Lang, Payload: ev.Own().Payload,
	}, m.opts.MaxMessages)
	m.remember(account, p)
	ev.Persist(kept{p})
	// A session may have become available since the router looked. If it did
	// so before remember, it did not wait for this message.
	if s := m.taker(account); s != nil {
		return m.catchUp(ctx, s, p)
	}
	return module.ErrHandled
}

// catchUp waits for the one write, which is all that is missing.
func (m *Module) catchUp(ctx context.Context, s module.Session, p storage.Pending) error {
	select {
	case <-p.Done():
	case <-ctx.Done():
		return module.ErrHandled // the session that asked is gone; the write goes on
	}
	if err := m.available(ctx, s); err != nil {
		m.logger().Error("offline delivery", "jid", s.JID().String(), "err", err)
	}
	return module.ErrHandled
}

// kept is a write whose failure the sender may understand.
type kept struct{ storage.Pending }

// Err returns the outcome as the sender is to see it: a full store and an
// account that has just gone are service-unavailable (XEP-0160 §2, RFC 6121
// §8.5.1).
func (k kept) Err() error {
	err := k.Pending.Err()
	if errors.Is(err, storage.ErrQuota) || errors.Is(err, storage.ErrNotFound) {
		return stanza.NewError(stanza.ServiceUnavailable, "")
	}
	return err
}

// write is a message on its way to the disk.
type write struct {
	account jid.JID
	pending storage.Pending
}

// remember notes a write, so that a session that becomes available waits for
// it, and forgets those that are done. Writes complete about in order, so this
// looks at few.
func (m *Module) remember(account jid.JID, p storage.Pending) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.writes) > 0 && done(m.writes[0].pending) {
		m.writes[0] = write{}
		m.writes = m.writes[1:]
	}
	m.writes = append(m.writes, write{account, p})
}

func done(p storage.Pending) bool {
	select {
	case <-p.Done():
		return true
	default:
		return false
	}
}

// settled waits for the messages of an account that are on their way.
func (m *Module) settled(ctx context.Context, account jid.JID) error {
	m.mu.Lock()
	var last storage.Pending
	for i := range m.writes {
		if m.writes[i].account == account {
			last = m.writes[i].pending
		}
	}
	m.mu.Unlock()
	if last == nil {
		return nil
	}
	select {
	case <-last.Done():
		return nil // if it failed there is one message less
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// taker returns a session of the account that takes messages, or nil.
func (m *Module) taker(account jid.JID) module.Session {
	for _, s := range m.host.Sessions(account) {
		if takes(s) {
			return s
		}
	}
	return nil
}

// takes reports whether messages may go to the session (RFC 6121 §4.7.2.3). One
// that is closing only hands back what it is given.
func takes(s module.Session) bool {
	p := s.Presence()
	if p == nil || p.Priority < 0 {
		return false
	}
	c, ok := s.(interface{ Closing() bool })
	return !ok || !c.Closing()
}

var _ module.Module = (*Module)(nil)
