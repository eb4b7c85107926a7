package offline

import (
	"slices"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/storage"
)

// row is one undelivered message while it is under way: being stored, or had by
// a session. It is the tracker of its message.
type row struct {
	m       *Module
	shard   *shard
	account jid.JID
	id      int64

	// guarded by shard.mu
	twin      *row            // stands for this one: itself, or one read from storage first
	write     storage.Pending // until it is complete
	had       []having        // who has it or is to have it
	left      int             // how many sessions were sent it and are not heard of
	delivered bool            // one has acknowledged it
	settled   bool            // storage knows, or never had it
	owed      bool            // storage is to be told when it is written
}

// having says that a client has a message, or that it waits in its turn.
type having struct {
	client *client
	how    how
}

type how uint8

const (
	straight how = iota // the router gave it
	waits               // the client is behind; it comes in its turn
	brought             // it came in its turn, or as an archive result
	copied              // it came as a carbon copy, of which nothing is heard
)

func (m *Module) newRow(account jid.JID, id int64) *row {
	return &row{m: m, shard: m.shard(account), account: account, id: id}
}

// lock takes the shard's lock and returns the account and the row that all
// sessions share.
func (r *row) lock() (*account, *row) {
	r.shard.mu.Lock()
	a := r.shard.account(r.account)
	if r.twin == nil {
		r.twin = r
	}
	if !r.twin.settled {
		r.twin = a.share(r.twin)
	}
	return a, r.twin
}

// unlock forgets the row if it is under way to nobody.
func (r *row) unlock(a *account) {
	a.drop(r)
	r.shard.tidy(a)
	r.shard.mu.Unlock()
}

// idle reports whether there is nothing to remember.
func (r *row) idle() bool {
	return r.settled || r.write == nil && r.left == 0 && len(r.had) == 0 && !r.delivered
}

func (r *row) of(c *client) *having {
	if i := slices.IndexFunc(r.had, func(h having) bool { return h.client == c }); i >= 0 {
		return &r.had[i]
	}
	return nil
}

// bring notes that c is being sent the row in its turn.
func (r *row) bring(c *client) {
	r.left++
	r.note(c)
}

// note says that c has the row.
func (r *row) note(c *client) {
	if h := r.of(c); h != nil {
		h.how = brought
		return
	}
	r.had = append(r.had, having{c, brought})
}

// track notes the write of a new message. Whoever is not there to take it has to
// look for it when it is.
func (r *row) track(p storage.Pending) {
	a, r := r.lock()
	defer r.unlock(a)
	r.write = p
	for _, c := range a.clients {
		c.boundBefore(r.id)
		if c.caught && !receives(c.session) {
			c.miss(r.id)
		}
	}
}

// written is called when the write is complete.
func (r *row) written() {
	a, r := r.lock()
	defer r.unlock(a)
	if r.write.Err() != nil {
		r.settled = true // there is nothing to settle, and its sender is told
	}
	r.write = nil
	if !r.owed {
		return
	}
	defer r.m.work.Done()
	if !r.settled {
		r.m.settler.add(r)
	}
}

// Takes implements module.Tracker. A session that is behind gets the message in
// its turn.
func (r *row) Takes(s module.Session, st *module.Stanza) bool {
	a, r := r.lock()
	defer r.unlock(a)
	c := r.m.client(a, s)
	if c == nil {
		return true // it hands it back
	}
	if h := r.of(c); h != nil {
		return h.how == straight
	}
	if turnedAway(s, st) {
		c.miss(r.id)
		return false
	}
	if !receives(s) || c.caught && c.begun() {
		r.had = append(r.had, having{c, straight})
		return true
	}
	r.had = append(r.had, having{c, waits})
	if c.begun() {
		c.hold(r, st)
	}
	return false
}

// turnedAway reports whether s has stopped taking messages since the router chose
// it for one that is for the whole account.
func turnedAway(s module.Session, st *module.Stanza) bool { return !receives(s) && st.To != s.JID() }

// Sent implements module.Tracker.
func (r *row) Sent(n int) {
	a, r := r.lock()
	defer r.unlock(a)
	r.left += n
}

// Copied says that s has been sent a copy of the message (XEP-0280), so that it
// has it.
func (r *row) Copied(s module.Session) {
	a, r := r.lock()
	defer r.unlock(a)
	if c := r.m.client(a, s); c != nil && r.of(c) == nil {
		r.had = append(r.had, having{c, copied})
	}
}

// Delivered implements module.Tracker.
func (r *row) Delivered(*module.Stanza) { r.arrived(nil) }

// arrived notes an acknowledgement, and what it means for who sent the message.
func (r *row) arrived(heard func()) {
	a, r := r.lock()
	defer r.unlock(a)
	if heard != nil {
		heard()
	}
	r.left--
	if r.delivered || r.settled {
		return
	}
	r.delivered = true
	if r.write == nil {
		r.m.settler.add(r)
	} else {
		r.owed = true
		r.m.work.Add(1) // written goes on
	}
}

// Undelivered implements module.Tracker. The others of the account get the
// message when nobody has it any more; they find it in storage.
func (r *row) Undelivered(*module.Stanza) { r.failed(nil) }

func (r *row) failed(heard func()) {
	a, r := r.lock()
	defer r.unlock(a)
	if heard != nil {
		heard()
	}
	if r.left--; r.left > 0 || r.delivered {
		return
	}
	for _, c := range a.clients {
		if r.of(c) == nil {
			c.miss(r.id)
		}
	}
}

// retrieve notes that s has been sent the message as a result from the archive,
// and returns the row that all sessions share.
func (r *row) retrieve(s module.Session) *row {
	a, r := r.lock()
	defer r.unlock(a)
	r.left++
	if c := r.m.client(a, s); c != nil {
		r.note(c)
	}
	return r
}
