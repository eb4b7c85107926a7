package c2s

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
)

// ErrTooMany means that an address has as many connections as it may.
var ErrTooMany = errors.New("too many connections from this address")

// errUnauthenticated: too many of them are not authenticated.
var errUnauthenticated = fmt.Errorf("%w that are not authenticated", ErrTooMany)

// addresses counts the connections of each address (an IPv6 client has a whole
// /64, so that is counted).
type addresses struct {
	max, maxUnauth int // fixed; 0: no limit

	mu     sync.Mutex
	counts map[netip.Prefix]addressCount // guarded by mu
}

type addressCount struct{ all, unauth int }

// network returns what counts as one address.
func network(a netip.Addr) netip.Prefix {
	bits := 32
	if a = a.Unmap().WithZone(""); a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the zero Addr yields the zero Prefix: one more bucket
	return p
}

// admit counts a new, unauthenticated connection.
func (a *addresses) admit(addr netip.Addr) error {
	key := network(addr)
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.counts[key]
	switch {
	case a.max > 0 && n.all >= a.max:
		return fmt.Errorf("%w: %d", ErrTooMany, n.all)
	case a.maxUnauth > 0 && n.unauth >= a.maxUnauth:
		return fmt.Errorf("%w: %d", errUnauthenticated, n.unauth)
	}
	if a.counts == nil {
		a.counts = make(map[netip.Prefix]addressCount)
	}
	a.counts[key] = addressCount{n.all + 1, n.unauth + 1}
	return nil
}

// authenticated moves a connection out of the unauthenticated ones.
func (a *addresses) authenticated(addr netip.Addr) {
	a.change(addr, 0, -1)
}

// release forgets a connection.
func (a *addresses) release(addr netip.Addr, wasAuthenticated bool) {
	if wasAuthenticated {
		a.change(addr, -1, 0)
		return
	}
	a.change(addr, -1, -1)
}

func (a *addresses) change(addr netip.Addr, all, unauth int) {
	key := network(addr)
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.counts[key]
	n.all += all
	n.unauth += unauth
	if n.all <= 0 {
		delete(a.counts, key)
		return
	}
	a.counts[key] = n
}
