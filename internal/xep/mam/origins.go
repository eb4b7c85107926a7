package mam

import (
	"container/list"
	"sync"

	"parley/internal/jid"
	"parley/stanza"
	"parley/storage"
)

const (
	// maxOrigins is how many messages of one account are remembered.
	maxOrigins = 256
	// maxOriginsInAll is how many are remembered of all accounts; those that
	// have sent nothing for the longest time are forgotten first.
	maxOriginsInAll = 128 << 10
)

// origins remembers the messages that accounts have sent lately. The zero value
// is ready.
type origins struct {
	mu       sync.Mutex
	accounts map[jid.JID]*sender // guarded by mu
	recent   list.List           // guarded by mu: *sender, the last one first
	count    int                 // guarded by mu: attempts in all
	limit    int                 // of count; 0: maxOriginsInAll
}

// sender is what one account has sent.
type sender struct {
	account  jid.JID
	attempts map[originKey]*attempt
	order    []*attempt // oldest first; may hold some that are forgotten
	place    *list.Element
}

// loaded reports whether the account's past is known.
func (o *origins) loaded(account jid.JID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.accounts[account] != nil
}

// load notes what an account has sent before the start, newest first. Who comes
// second is late.
func (o *origins) load(account jid.JID, rows []storage.Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.accounts[account] != nil {
		return
	}
	s := &sender{account: account, attempts: make(map[originKey]*attempt, len(rows))}
	s.place = o.recent.PushFront(s)
	if o.accounts == nil {
		o.accounts = map[jid.JID]*sender{}
	}
	o.accounts[account] = s
	for i := len(rows) - 1; i >= 0; i-- {
		if peer, err := jid.Parse(rows[i].Peer); err == nil { // it was written from an address
			o.add(s, past(account, originKey{peer, rows[i].OriginID}, rows[i].ID))
		}
	}
	o.trim()
}

// past is an attempt that was stored before the start.
func past(account jid.JID, key originKey, row int64) *attempt {
	a := &attempt{account: account, key: key, row: row, done: make(chan struct{})}
	close(a.done)
	return a
}

// begin returns the attempt of that name, or makes next that and reports true.
// An attempt that is old is replaced.
func (o *origins) begin(next, old *attempt) (*attempt, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.accounts[next.account]
	if s == nil { // trimmed just now
		return next, true
	}
	o.recent.MoveToFront(s.place)
	if a := s.attempts[next.key]; a != nil && a != old {
		return a, false
	}
	o.add(s, next)
	o.trim()
	return next, true
}

// add is called with mu held.
func (o *origins) add(s *sender, a *attempt) {
	if s.attempts[a.key] == nil {
		o.count++
	}
	s.attempts[a.key] = a
	s.order = append(s.order, a)
	for len(s.order) > maxOrigins {
		o.remove(s, s.order[0])
		s.order[0] = nil
		s.order = s.order[1:]
	}
}

// remove is called with mu held.
func (o *origins) remove(s *sender, a *attempt) {
	if s.attempts[a.key] == a {
		delete(s.attempts, a.key)
		o.count--
	}
}

// trim forgets the accounts that have been silent for the longest time. It is
// called with mu held.
func (o *origins) trim() {
	limit := o.limit
	if limit == 0 {
		limit = maxOriginsInAll
	}
	for o.count > limit && o.recent.Len() > 1 {
		o.forget(o.recent.Back().Value.(*sender))
	}
}

// forget is called with mu held.
func (o *origins) forget(s *sender) {
	o.count -= len(s.attempts)
	o.recent.Remove(s.place)
	delete(o.accounts, s.account)
}

func (o *origins) drop(account jid.JID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s := o.accounts[account]; s != nil {
		o.forget(s)
	}
}

// find returns the attempt of that name, or nil.
func (o *origins) find(account jid.JID, key originKey) *attempt {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s := o.accounts[account]; s != nil {
		return s.attempts[key]
	}
	return nil
}

// settle notes that a row of a was stored, that a has gone its way or, with an
// error, that it failed: then the message may be sent again.
func (o *origins) settle(a *attempt, err error) {
	if err != nil {
		o.fail(a)
	}
	a.settle(err)
}

// fail forgets a, but for what the sender's archive may have of it.
func (o *origins) fail(a *attempt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.accounts[a.account]
	if s == nil || s.attempts[a.key] != a {
		return
	}
	o.remove(s, a)
	if a.sent != 0 {
		o.add(s, past(a.account, a.key, a.sent))
	}
}

// stores notes under which id the sender's archive gets a message.
func (o *origins) stores(a *attempt, id int64) {
	if a == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	a.sent = id
}

// storedAs returns what stores was told of a.
func (o *origins) storedAs(a *attempt) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return a.sent
}

// bounced forgets the messages to peer with that id attribute: an error came
// for them. Of one that was not stored on both sides the sender's may have it.
func (o *origins) bounced(account, peer jid.JID, stanzaID string) {
	for _, a := range o.named(account, peer, stanzaID) {
		if a.stored() {
			o.release(a)
			continue
		}
		o.settle(a, stanza.NewError(stanza.ServiceUnavailable, ""))
	}
}

// release lets a message that was stored be sent again, as a new one.
func (o *origins) release(a *attempt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s := o.accounts[a.account]; s != nil {
		o.remove(s, a)
	}
}

func (o *origins) named(account, peer jid.JID, stanzaID string) (out []*attempt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.accounts[account]
	if s == nil {
		return nil
	}
	for key, a := range s.attempts {
		if key.peer == peer && a.row == 0 && a.stanzaID == stanzaID {
			out = append(out, a)
		}
	}
	return out
}
