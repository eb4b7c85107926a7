package roster

import (
	"context"
	"sync"

	"parley/internal/jid"
)

// locks are locks by key that respect a context. Those not in use take no
// memory. The zero value is ready.
type locks[K comparable] struct {
	mu sync.Mutex
	m  map[K]*lock // guarded by mu
}

type lock struct {
	held  chan struct{} // one place
	users int           // guarded by locks.mu: holder and waiters
}

// lock waits for the key and returns what frees it.
func (l *locks[K]) lock(ctx context.Context, key K) (unlock func(), err error) {
	k := l.use(key)
	select {
	case k.held <- struct{}{}:
		return func() {
			<-k.held
			l.leave(key, k)
		}, nil
	case <-ctx.Done():
		l.leave(key, k)
		return nil, context.Cause(ctx)
	}
}

func (l *locks[K]) use(key K) *lock {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.m[key]
	if k == nil {
		k = &lock{held: make(chan struct{}, 1)}
		if l.m == nil {
			l.m = map[K]*lock{}
		}
		l.m[key] = k
	}
	k.users++
	return k
}

func (l *locks[K]) leave(key K, k *lock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k.users--; k.users == 0 {
		delete(l.m, key)
	}
}

// pair is two accounts, whichever of them acts.
type pair [2]jid.JID

func pairOf(a, b jid.JID) pair {
	if b.String() < a.String() {
		a, b = b, a
	}
	return pair{a, b}
}
