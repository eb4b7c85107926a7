package roster

import (
	"context"
	"sync"
	"sync/atomic"

	"parley/internal/jid"
)

// accounts are the accounts with something going on: a change, a cached
// snapshot, stanzas to send.
type accounts struct {
	mu sync.RWMutex
	m  map[jid.JID]*account // guarded by mu
}

// account serialises the changes of one roster.
type account struct {
	jid      jid.JID
	busy     chan struct{} // one place: held over a change and its pushes
	users    int           // guarded by accounts.mu
	snapshot atomic.Pointer[Snapshot]

	mu      sync.Mutex
	outbox  []func(context.Context) // guarded by mu; appended to while busy is held
	sending bool                    // guarded by mu: a goroutine empties the outbox
}

// cached returns the snapshot of an account if it is in memory.
func (t *accounts) cached(j jid.JID) *Snapshot {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if a := t.m[j]; a != nil {
		return a.snapshot.Load()
	}
	return nil
}

// known reports whether something goes on with the account or is kept of it.
func (t *accounts) known(j jid.JID) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.m[j] != nil
}

// lock waits until the account is free. Its end is unlock.
func (t *accounts) lock(ctx context.Context, j jid.JID) (*account, error) {
	a := t.use(j)
	select {
	case a.busy <- struct{}{}:
		return a, nil
	case <-ctx.Done():
		t.leave(a)
		return nil, context.Cause(ctx)
	}
}

// unlock frees the account and sends what was put in its outbox.
func (t *accounts) unlock(ctx context.Context, a *account) {
	<-a.busy
	a.flush(context.WithoutCancel(ctx))
	t.leave(a)
}

func (t *accounts) use(j jid.JID) *account {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.m[j]
	if a == nil {
		a = &account{jid: j, busy: make(chan struct{}, 1)}
		if t.m == nil {
			t.m = map[jid.JID]*account{}
		}
		t.m[j] = a
	}
	a.users++
	return a
}

func (t *accounts) leave(a *account) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a.users--
	if a.users == 0 && a.snapshot.Load() == nil {
		delete(t.m, a.jid)
	}
}

// later puts work in the outbox. The account is locked.
func (a *account) later(f func(context.Context)) {
	a.mu.Lock()
	a.outbox = append(a.outbox, f)
	a.mu.Unlock()
}

// flush empties the outbox, unless another goroutine is at it: that one takes
// over what is there. No lock is held while sending, so what is sent may come
// back to this account at once.
func (a *account) flush(ctx context.Context) {
	for batch := a.take(); batch != nil; batch = a.take() {
		for _, f := range batch {
			f(ctx)
		}
		a.mu.Lock()
		a.sending = false
		a.mu.Unlock()
	}
}

func (a *account) take() []func(context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sending || len(a.outbox) == 0 {
		return nil
	}
	batch := a.outbox
	a.outbox, a.sending = nil, true
	return batch
}
