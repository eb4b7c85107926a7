package roster

import (
	"container/list"
	"sync"

	"parley/internal/jid"
)

// encoded keeps rosters as they go over the wire, the last used ones up to a
// number of bytes. It answers the gets of an account's further sessions, and of
// clients that ask again and again, without storage.
type encoded struct {
	max int // bytes

	mu    sync.Mutex
	m     map[jid.JID]*list.Element // guarded by mu
	order list.List                 // guarded by mu; of *encodedRoster, last used first
	bytes int                       // guarded by mu
}

type encodedRoster struct {
	account jid.JID
	version uint64
	query   []byte // never changed
}

// get returns the account's roster in that version, or nil.
func (e *encoded) get(account jid.JID, version uint64) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	el := e.m[account]
	if el == nil {
		return nil
	}
	r := el.Value.(*encodedRoster)
	if r.version != version {
		e.drop(el)
		return nil
	}
	e.order.MoveToFront(el)
	return r.query
}

// put keeps a roster, unless it is so large that it would push out too many.
func (e *encoded) put(account jid.JID, version uint64, query []byte) {
	if len(query) > e.max/8 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if el := e.m[account]; el != nil {
		e.drop(el)
	}
	if e.m == nil {
		e.m = map[jid.JID]*list.Element{}
	}
	e.m[account] = e.order.PushFront(&encodedRoster{account, version, query})
	e.bytes += len(query)
	for e.bytes > e.max {
		e.drop(e.order.Back())
	}
}

// drop is called with mu held.
func (e *encoded) drop(el *list.Element) {
	r := e.order.Remove(el).(*encodedRoster)
	delete(e.m, r.account)
	e.bytes -= len(r.query)
}
