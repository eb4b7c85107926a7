package roster

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/storage"
)

// cache holds the contacts of accounts that are online. An entry is written
// with the account locked.
type cache struct {
	mu sync.RWMutex
	m  map[jid.JID]*Snapshot // guarded by mu
}

func (c *cache) get(account jid.JID) *Snapshot {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.m[account]
}

// set stores a snapshot; nil drops it.
func (c *cache) set(account jid.JID, s *Snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case s == nil:
		delete(c.m, account)
	case c.m == nil:
		c.m = map[jid.JID]*Snapshot{account: s}
	default:
		c.m[account] = s
	}
}

// Contacts returns the account's contacts. It is a look-up in memory while the
// account has sessions; of others it is read from storage. An unknown account
// has none.
func (m *Module) Contacts(ctx context.Context, account jid.JID) (*Snapshot, error) {
	if s := m.cache.get(account); s != nil {
		return s, nil
	}
	if len(m.host.Sessions(account)) == 0 {
		return m.load(ctx, account)
	}
	unlock, err := m.accounts.lock(ctx, account)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return m.contacts(ctx, account)
}

// contacts is Contacts for an account that is locked.
func (m *Module) contacts(ctx context.Context, account jid.JID) (*Snapshot, error) {
	if s := m.cache.get(account); s != nil {
		return s, nil
	}
	s, err := m.load(ctx, account)
	if err == nil {
		m.keep(account, s)
	}
	return s, err
}

// keep caches what was read of a locked account while it has sessions.
// sessionClosed waits for the lock, so no snapshot outlives the last session.
func (m *Module) keep(account jid.JID, s *Snapshot) {
	if len(m.host.Sessions(account)) > 0 {
		m.cache.set(account, s)
	}
}

func (m *Module) load(ctx context.Context, account jid.JID) (*Snapshot, error) {
	r, err := m.store.Roster(ctx, account.String())
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("roster: read: %w", err)
	}
	return newSnapshot(&r), nil
}

// follow applies a change to the cached snapshot of a locked account. A gap in
// the versions means that somebody else wrote too (the command line, another
// node): then the snapshot is read again when it is needed.
func (m *Module) follow(account, contact jid.JID, c *changed) {
	s := m.cache.get(account)
	switch {
	case s == nil || c.version == s.version:
	case c.did() && c.version == s.version+1:
		m.cache.set(account, s.replace(contact, &c.after, c.version))
	default:
		m.cache.set(account, nil)
	}
}

// sessionClosed forgets the contacts of an account that has no session left.
func (m *Module) sessionClosed(ctx context.Context, s module.Session) error {
	account := s.JID().Bare()
	if len(m.host.Sessions(account)) > 0 {
		return nil
	}
	unlock, err := m.accounts.lock(ctx, account)
	if err != nil {
		return err
	}
	defer unlock()
	if len(m.host.Sessions(account)) == 0 {
		m.cache.set(account, nil)
	}
	return nil
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
	state, err := m.state(ctx, account, contact)
	return state&bitFrom != 0, err
}

// Lists reports whether contact is in the roster that account's clients see.
func (m *Module) Lists(ctx context.Context, account, contact jid.JID) (bool, error) {
	s, err := m.Contacts(ctx, account)
	if err != nil {
		return false, err
	}
	item, _ := s.Item(contact)
	return item.Listed, nil
}

func (m *Module) state(ctx context.Context, account, contact jid.JID) (State, error) {
	s, err := m.Contacts(ctx, account)
	if err != nil {
		return None, err
	}
	c, _ := s.Item(contact)
	return c.State, nil
}
