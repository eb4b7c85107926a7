package mam

import (
	"context"
	"sync"

	"parley/internal/jid"
	"parley/internal/module"
)

// originKey names a message that a client of an account has sent.
type originKey struct {
	peer   jid.JID // bare
	origin string
}

// attempt is what became of a message with an origin-id that was sent for the
// first time. It is done when all its rows are stored, or one could not be.
// Those who repeat the message wait for it. A past one is known from the sender's
// archive only: how far it came has to be looked up.
type attempt struct {
	account  jid.JID
	key      originKey
	stanzaID string // id attribute, which an error answer repeats
	row      int64  // of a past one: its id in the sender's archive, else 0

	went chan struct{} // closed when it has gone its way; nil for a past one
	sent int64         // guarded by origins.mu once it is known there: its id in the sender's archive, or 0
	done chan struct{}
	mu   sync.Mutex
	left int      // guarded by mu: rows to be stored, and 1 while it is on its way
	err  error    // guarded by mu until done is closed
	then []func() // guarded by mu
}

var _ module.Pending = (*attempt)(nil)

// origin returns the origin-id; nil has none.
func (a *attempt) origin() string {
	if a == nil {
		return ""
	}
	return a.key.origin
}

// Done implements module.Pending.
func (a *attempt) Done() <-chan struct{} { return a.done }

// Err implements module.Pending.
func (a *attempt) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// Then implements module.Pending.
func (a *attempt) Then(f func()) {
	a.mu.Lock()
	if !a.isDone() {
		a.then = append(a.then, f)
		a.mu.Unlock()
		return
	}
	a.mu.Unlock()
	f()
}

// wayGone waits until the message has gone its way: what its sender says next must
// not overtake it (RFC 6120 §10.1).
func (a *attempt) wayGone(ctx context.Context) {
	if a.went == nil {
		return
	}
	select {
	case <-a.went:
	case <-ctx.Done():
	}
}

// stored reports whether all rows are stored.
func (a *attempt) stored() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.isDone() && a.err == nil
}

// isDone is called with mu held.
func (a *attempt) isDone() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// expect notes that the message has one more row to be stored.
func (a *attempt) expect() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left++
}

// settle notes the outcome of one row, or the end of the way. The first error
// decides.
func (a *attempt) settle(err error) {
	a.mu.Lock()
	a.left--
	var then []func()
	if !a.isDone() && (err != nil || a.left <= 0) {
		a.err, then, a.then = err, a.then, nil
		close(a.done)
	}
	a.mu.Unlock()
	for _, f := range then {
		f()
	}
}
