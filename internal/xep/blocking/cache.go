package blocking

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"parley/internal/jid"
	"parley/internal/module"
)

// maxAway is how many lists of accounts without sessions are kept at once.
const maxAway = 10_000

// cache holds lists, by the accounts' addresses. Those of accounts with sessions
// stay; most of them are empty, of which only the name is kept. The zero value is
// ready.
type cache struct {
	mu       sync.RWMutex
	read     map[string]struct{} // guarded by mu: with sessions, and read
	nonempty map[string]*list    // guarded by mu: of these, and unknown ones
	away     map[string]*list    // guarded by mu: without sessions
	changes  uint64              // guarded by mu: counts what would make a list read before stale
	some     atomic.Bool         // nonempty has any; changed with mu held
}

// get returns the list of an account; false if it has to be read.
func (c *cache) get(account string) (*list, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if _, ok := c.read[account]; ok {
		return c.nonempty[account], true
	}
	l, ok := c.away[account]
	return l, ok && c.nonempty[account] == nil
}

// online returns the list of an account with sessions, perhaps unknown.
func (c *cache) online(account string) *list {
	if !c.some.Load() {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.nonempty[account]
}

// version is what keep wants to know, from before the list was read.
func (c *cache) version() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.changes
}

// keep holds a list that was read from storage, and reports whether it still may
// be used.
func (c *cache) keep(account string, l *list, online bool, version uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version != c.changes {
		return false
	}
	c.put(account, l, online)
	return true
}

// set holds a list that its owner has changed.
func (c *cache) set(account string, l *list, online bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	c.put(account, l, online)
}

// put is called with mu held.
func (c *cache) put(account string, l *list, online bool) {
	c.ready()
	if !online {
		if len(c.away) >= maxAway {
			clear(c.away)
		}
		c.away[account] = l
		return
	}
	delete(c.away, account)
	if _, ok := c.read[account]; ok && l == unknown {
		return // another session has read it meanwhile
	}
	if l != unknown {
		c.read[account] = struct{}{}
	}
	if l != nil {
		c.nonempty[account] = l
	} else {
		delete(c.nonempty, account)
	}
	c.some.Store(len(c.nonempty) > 0)
}

// ready is called with mu held.
func (c *cache) ready() {
	if c.read == nil {
		c.read, c.nonempty, c.away = map[string]struct{}{}, map[string]*list{}, map[string]*list{}
	}
}

// drop forgets the list of an account that is gone, also one that is being read.
func (c *cache) drop(account string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	c.remove(account)
}

// remove is called with mu held.
func (c *cache) remove(account string) {
	delete(c.read, account)
	delete(c.nonempty, account)
	delete(c.away, account)
	c.some.Store(len(c.nonempty) > 0)
}

// doubt makes a list one that has to be read, and returns what forget wants.
func (c *cache) doubt(account string) *list {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(account)
	c.ready()
	doubt := &list{}
	c.nonempty[account] = doubt
	c.some.Store(true)
	return doubt
}

// forget ends a doubt, unless the list has been read since.
func (c *cache) forget(account string, doubt *list) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nonempty[account] == doubt {
		c.remove(account)
	}
}

// listOf returns the list of an account, which is in memory if it has sessions.
func (m *Module) listOf(ctx context.Context, account jid.JID) (*list, error) {
	if l, ok := m.lists.get(account.String()); ok {
		return l, nil
	}
	return m.load(ctx, account)
}

func (m *Module) load(ctx context.Context, account jid.JID) (*list, error) {
	name := account.String()
	for {
		version := m.lists.version()
		stored, err := m.store.Blocks(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("blocking: read: %w", err)
		}
		l, online := readList(stored), m.hasSessions(account)
		if m.lists.keep(name, l, online, version) {
			if online {
				m.forgetGone(account)
			}
			return l, nil
		}
	}
}

// forgetGone drops what is kept for sessions if there are none. One that comes
// meanwhile reads the list, or finds that it has to be read.
func (m *Module) forgetGone(account jid.JID) {
	if m.hasSessions(account) {
		return
	}
	doubt := m.lists.doubt(account.String())
	if !m.hasSessions(account) {
		m.lists.forget(account.String(), doubt)
	}
}

func (m *Module) hasSessions(account jid.JID) bool { return len(m.host.Sessions(account)) > 0 }

// bound reads the list of an account before it is needed. What was known of it
// while nobody was logged in may be another owner's.
func (m *Module) bound(ctx context.Context, s module.Session) error {
	account := s.JID().Bare()
	if m.lists.isRead(account.String()) {
		return nil
	}
	if _, err := m.load(ctx, account); err != nil {
		m.lists.set(account.String(), unknown, true)
		m.forgetGone(account)
		m.logger().Warn("blocklist not read", "jid", s.JID().String(), "err", err)
	}
	return nil
}

func (c *cache) isRead(account string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	_, ok := c.read[account]
	return ok
}

// closed forgets the list of an account that nobody is logged in to.
func (m *Module) closed(_ context.Context, s module.Session) error {
	m.forgetGone(s.JID().Bare())
	return nil
}

func (m *Module) removed(_ context.Context, account jid.JID) error {
	m.lists.drop(account.String())
	return nil
}

// saveSome notes for a restart that there is a list to be read: sessions that are
// made again are not bound once more.
func (m *Module) saveSome(s module.Session) string {
	if m.lists.online(s.JID().Bare().String()) == nil {
		return ""
	}
	return "true"
}

func (m *Module) loadSome(s module.Session, _ string) {
	m.lists.set(s.JID().Bare().String(), unknown, true)
}
