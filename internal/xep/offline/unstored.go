package offline

import (
	"sync"
	"sync/atomic"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/storage"
)

// unstored is the tracker of a message that is not in storage: nobody was
// promised that it is. It goes there when a session has to wait for its turn, or
// when none could take it.
type unstored struct {
	m       *Module
	account jid.JID
	id      int64
	store   func(*module.Stanza) storage.Pending

	keeping sync.Once
	row     atomic.Pointer[row] // its tracker, since it was stored

	left      atomic.Int32 // sessions that are not heard of
	delivered atomic.Bool
}

var _ module.Tracker = (*unstored)(nil)

// Unstored returns the tracker of a message for account that is stored only if
// need be, by store, under that id.
func (m *Module) Unstored(account jid.JID, id int64, store func(*module.Stanza) storage.Pending) module.Tracker {
	return &unstored{m: m, account: account, id: id, store: store}
}

// Takes implements module.Tracker.
func (u *unstored) Takes(s module.Session, st *module.Stanza) bool {
	if u.row.Load() == nil && !turnedAway(s, st) && u.m.straight(s) {
		return true
	}
	return u.keep(st).Takes(s, st)
}

// straight reports whether new messages may go straight to s.
func (m *Module) straight(s module.Session) bool {
	sh := m.shard(s.JID().Bare())
	sh.mu.Lock()
	defer sh.mu.Unlock()
	a := sh.account(s.JID().Bare())
	defer sh.tidy(a)
	c := m.client(a, s)
	return c == nil || c.caught && c.begun() || !receives(s)
}

// keep stores the message, once.
func (u *unstored) keep(st *module.Stanza) *row {
	u.keeping.Do(func() { u.row.Store(u.m.newTracked(u.account, u.id, u.store(st))) })
	return u.row.Load()
}

// Sent implements module.Tracker.
func (u *unstored) Sent(n int) {
	if r := u.row.Load(); r != nil {
		r.Sent(n)
		return
	}
	u.left.Store(int32(n))
}

// Delivered implements module.Tracker.
func (u *unstored) Delivered(st *module.Stanza) {
	if r := u.row.Load(); r != nil {
		r.Delivered(st)
		return
	}
	u.delivered.Store(true)
	u.left.Add(-1)
}

// Undelivered implements module.Tracker. As with every write there may have to
// be room for it first.
func (u *unstored) Undelivered(st *module.Stanza) {
	if r := u.row.Load(); r != nil {
		r.Undelivered(st)
		return
	}
	if u.left.Add(-1) == 0 && !u.delivered.Load() {
		u.keep(st).missed()
	}
}

// missed makes the sessions that are there look for the message.
func (r *row) missed() {
	a, r := r.lock()
	defer r.unlock(a)
	for _, c := range a.clients {
		c.miss(r.id)
	}
}
