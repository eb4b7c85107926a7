package offline

import (
	"hash/maphash"
	"slices"
	"sync"

	"parley/internal/jid"
	"parley/internal/module"
)

const shards = 64

// shard holds what is under way to some of the accounts. Its lock guards them,
// their clients and rows, and is held for look-ups and swaps only.
type shard struct {
	mu       sync.Mutex
	accounts map[jid.JID]*account // guarded by mu
}

// account is what is under way to one account. All of it is guarded by the
// shard's mu.
type account struct {
	jid     jid.JID        // fixed
	shard   *shard         // fixed
	rows    map[int64]*row // being stored, or had by a client and not settled
	clients []*client      // the bound sessions
	// reading counts the clients that may hold what they have read from storage;
	// what is dropped meanwhile stays until none does, so that it is recognised.
	reading int
	swept   []*row
}

func (m *Module) shard(account jid.JID) *shard {
	return &m.shards[maphash.String(m.seed, account.String())%shards]
}

// account returns the account, made if there is none. mu is held.
func (sh *shard) account(j jid.JID) *account {
	if a := sh.accounts[j]; a != nil {
		return a
	}
	if sh.accounts == nil {
		sh.accounts = map[jid.JID]*account{}
	}
	a := &account{jid: j, shard: sh, rows: map[int64]*row{}}
	sh.accounts[j] = a
	return a
}

// tidy forgets the account if nothing is under way. mu is held.
func (sh *shard) tidy(a *account) {
	if len(a.rows) == 0 && len(a.clients) == 0 && sh.accounts[a.jid] == a {
		delete(sh.accounts, a.jid)
	}
}

// find returns what is known of the session, or nil.
func (a *account) find(s module.Session) *client {
	for _, c := range a.clients {
		if c.session == s {
			return c
		}
	}
	return nil
}

// client returns what is known of the session, made if it is still bound; nil
// if it has left: nobody would take it out again. The host removes a session
// before it tells of its end, so one that is there now will be told of later.
func (m *Module) client(a *account, s module.Session) *client {
	c := a.find(s)
	if c == nil && m.host.Session(s.JID()) == s {
		c = &client{m: m, account: a, session: s, bound: m.boundSince(s), again: true}
		for id, r := range a.rows {
			if r.write != nil {
				c.boundBefore(id)
			}
		}
		a.clients = append(a.clients, c)
	}
	return c
}

// know makes the session known and returns the id that stands for the time when
// it was bound; 0 if it has left.
func (m *Module) know(s module.Session) int64 {
	sh := m.shard(s.JID().Bare())
	sh.mu.Lock()
	defer sh.mu.Unlock()
	a := sh.account(s.JID().Bare())
	defer sh.tidy(a)
	if c := m.client(a, s); c != nil {
		return c.bound
	}
	return 0
}

// forget takes the session out, and what was noted of it.
func (a *account) forget(s module.Session) {
	c := a.find(s)
	if c == nil {
		return
	}
	c.end()
	a.clients = slices.DeleteFunc(a.clients, func(other *client) bool { return other == c })
	for _, r := range a.rows {
		r.had = slices.DeleteFunc(r.had, func(h having) bool { return h.client == c })
		a.drop(r)
	}
}

// end lets go of an account that is gone. Its rows are no more.
func (a *account) end() {
	for _, c := range a.clients {
		c.end()
	}
	for _, r := range a.rows {
		r.settled = true
	}
}

// share returns the row that is known under the id of r, or makes r that row.
// One that is not known any more was idle, so nothing is lost.
func (a *account) share(r *row) *row {
	if known := a.rows[r.id]; known != nil {
		return known
	}
	a.rows[r.id] = r
	return r
}

// drop forgets a row that is under way to nobody.
func (a *account) drop(r *row) {
	switch {
	case a.rows[r.id] != r || !r.idle():
	case a.reading > 0:
		a.swept = append(a.swept, r)
	default:
		delete(a.rows, r.id)
	}
}

// read ends what began with reading++.
func (a *account) read() {
	if a.reading--; a.reading > 0 {
		return
	}
	swept := a.swept
	a.swept = nil
	for _, r := range swept {
		a.drop(r) // it may have been given to somebody meanwhile
	}
}
