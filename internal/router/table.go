package router

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/session"
	"parley/stanza"
)

// table holds the bound sessions by account, in shards so that accounts do
// not wait for one another. A shard's lock is held for look-ups and swaps only;
// the slices are never changed in place, so a snapshot costs nothing.
type table struct {
	shards [shards]shard
}

const shards = 64

type shard struct {
	mu       sync.RWMutex
	accounts map[jid.JID][]module.Session // guarded by mu; values immutable
}

var hashSeed = maphash.MakeSeed()

func (t *table) shard(account jid.JID) *shard {
	return &t.shards[maphash.String(hashSeed, account.String())%shards]
}

func (t *table) sessions(account jid.JID) []module.Session {
	s := t.shard(account)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.accounts[account]
}

func (t *table) session(full jid.JID) module.Session {
	for _, s := range t.sessions(full.Bare()) {
		if s.JID() == full {
			return s
		}
	}
	return nil
}

func (t *table) each(f func(module.Session)) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.RLock()
		var all []module.Session
		for _, list := range s.accounts {
			all = append(all, list...)
		}
		s.mu.RUnlock()
		for _, session := range all {
			f(session)
		}
	}
}

// add puts s into the table. It returns the session that holds the resource
// already, or full if the account has max sessions; then nothing was added.
func (t *table) add(s module.Session, max int) (holder module.Session, full bool) {
	account := s.JID().Bare()
	sh := t.shard(account)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	list := sh.accounts[account]
	for _, old := range list {
		if old.JID() == s.JID() {
			return old, false
		}
	}
	if max > 0 && len(list) >= max {
		return nil, true
	}
	if sh.accounts == nil {
		sh.accounts = make(map[jid.JID][]module.Session)
	}
	sh.accounts[account] = append(slices.Clip(list), s)
	return nil, false
}

func (t *table) remove(s module.Session) {
	account := s.JID().Bare()
	sh := t.shard(account)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	var rest []module.Session
	for _, other := range sh.accounts[account] {
		if other != s {
			rest = append(rest, other)
		}
	}
	if len(rest) == 0 {
		delete(sh.accounts, account)
		return
	}
	sh.accounts[account] = rest
}

// conflictGrace is how long a new session waits for the one whose resource it
// takes over to leave.
const conflictGrace = 5 * time.Second

// Bind makes s known. An older session with the same resource is ended with
// <conflict/> first (RFC 6120 §7.7.2.2, third case), and its leave is complete
// before the new one appears, so that contacts see them in this order. The
// error is a *stanza.Error if the account has too many sessions (RFC 6120
// §7.6.2.1).
func (r *Router) Bind(ctx context.Context, s *session.Session) error {
	ctx, cancel := context.WithTimeout(ctx, conflictGrace)
	defer cancel()
	for {
		holder, full := r.table.add(s, r.MaxResources)
		switch {
		case full:
			return stanza.NewError(stanza.ResourceConstraint, "the account has too many sessions")
		case holder == nil:
			return nil
		}
		holder.End(&stanza.StreamError{Condition: stanza.StreamConflict, Text: "replaced by a new session"})
		old, ok := holder.(*session.Session)
		if !ok {
			return stanza.NewError(stanza.Conflict, "the resource is in use")
		}
		select {
		case <-old.Left():
		case <-ctx.Done():
			return stanza.NewError(stanza.Conflict, "the resource is in use")
		}
	}
}

// Bound tells the modules that s is bound and its client knows.
func (r *Router) Bound(ctx context.Context, s *session.Session) {
	if err := r.Hooks.SessionBound.Run(ctx, s); err != nil {
		r.Log.Error("session bound hook failed", "jid", s.JID().String(), "err", err)
	}
}

// Unbind gives what s did not deliver to others, takes s out of the table and
// tells the modules. ctx must outlive the connection.
func (r *Router) Unbind(ctx context.Context, s *session.Session, orderly bool) {
	s.Close(orderly)
	r.table.remove(s)
	if err := r.Hooks.SessionClosed.Run(ctx, s); err != nil {
		r.Log.Error("session closed hook failed", "jid", s.JID().String(), "err", err)
	}
	s.Leave()
}
