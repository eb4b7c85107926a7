package c2s

import (
	"context"
	"hash/maphash"
	"sync"
	"time"
)

// lines make attempts come one after another, at a limited rate. A line is named
// by a hash: what a client calls itself is not kept, and the only harm of two
// lines that coincide is a wait.
type lines struct {
	seed maphash.Seed // fixed

	mu     sync.Mutex
	byHash map[uint64]*line // guarded by mu
}

type line struct {
	turn    chan struct{} // holds one while somebody has the turn
	waiting int           // guarded by lines.mu: who wants it, or has it
	next    time.Time     // guarded by lines.mu: when another may pass
}

// get returns the line of that name. The caller holds mu.
func (ls *lines) get(name string) *line {
	if ls.byHash == nil {
		ls.byHash = make(map[uint64]*line)
	}
	h := maphash.String(ls.seed, name)
	l := ls.byHash[h]
	if l == nil {
		l = &line{turn: make(chan struct{}, 1)}
		ls.byHash[h] = l
	}
	return l
}

// enter waits until nobody else is in the line's first place.
func (ls *lines) enter(ctx context.Context, name string) (leave func(), err error) {
	ls.mu.Lock()
	l := ls.get(name)
	l.waiting++
	ls.mu.Unlock()
	out := func() {
		ls.mu.Lock()
		defer ls.mu.Unlock()
		l.waiting--
	}
	select {
	case l.turn <- struct{}{}:
		return func() { <-l.turn; out() }, nil
	case <-ctx.Done():
		out()
		return nil, ctx.Err()
	}
}

// pass returns how long to wait, so that no more than perSecond pass; 0 is no
// limit.
func (ls *lines) pass(name string, perSecond int) time.Duration {
	if perSecond <= 0 {
		return 0
	}
	now := time.Now()
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.get(name)
	at := now
	if l.next.After(at) {
		at = l.next
	}
	l.next = at.Add(time.Second / time.Duration(perSecond))
	return at.Sub(now)
}

// giveBack lets another pass for one that has.
func (ls *lines) giveBack(name string, perSecond int) {
	if perSecond <= 0 {
		return
	}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if l := ls.byHash[maphash.String(ls.seed, name)]; l != nil {
		l.next = l.next.Add(-time.Second / time.Duration(perSecond))
	}
}

// forget drops lines that nobody waits in or for.
func (ls *lines) forget(now time.Time) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for h, l := range ls.byHash {
		if l.waiting == 0 && l.next.Before(now) {
			delete(ls.byHash, h)
		}
	}
}
