package mam

import (
	"container/list"
	"sync"

	"parley/internal/jid"
)

// maxRulesCached is how many accounts' preferences are held in memory; those
// asked for the longest time ago are dropped first.
const maxRulesCached = 10_000

// rulesCache holds preferences. The zero value is ready.
type rulesCache struct {
	mu       sync.Mutex
	accounts map[jid.JID]*list.Element // guarded by mu
	recent   list.List                 // guarded by mu: cachedRules, the last one asked for first
}

type cachedRules struct {
	account jid.JID
	rules   *rules
}

func (c *rulesCache) get(account jid.JID) *rules {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.accounts[account]
	if el == nil {
		return nil
	}
	c.recent.MoveToFront(el)
	return el.Value.(cachedRules).rules
}

// read keeps what was read, unless the owner has set something since.
func (c *rulesCache) read(account jid.JID, r *rules) *rules {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.accounts[account]; el != nil {
		return el.Value.(cachedRules).rules
	}
	c.put(account, r)
	return r
}

// set keeps what the owner has set.
func (c *rulesCache) set(account jid.JID, r *rules) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(c.accounts[account])
	c.put(account, r)
}

// put is called with mu held.
func (c *rulesCache) put(account jid.JID, r *rules) {
	if c.accounts == nil {
		c.accounts = map[jid.JID]*list.Element{}
	}
	c.accounts[account] = c.recent.PushFront(cachedRules{account, r})
	if c.recent.Len() > maxRulesCached {
		c.remove(c.recent.Back())
	}
}

// remove is called with mu held. Nil is no element.
func (c *rulesCache) remove(el *list.Element) {
	if el != nil {
		delete(c.accounts, c.recent.Remove(el).(cachedRules).account)
	}
}

func (c *rulesCache) drop(account jid.JID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(c.accounts[account])
}
