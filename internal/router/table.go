package router

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// Bound is a session as the router keeps it; session.Session is one.
type Bound interface {
	module.Session
	// Close hands back what was not delivered; orderly tells how the stream
	// ended.
	Close(orderly bool)
	// Closing reports whether Close was called.
	Closing() bool
	// Detached reports whether the session waits for its client to come back
	// (XEP-0198 §5).
	Detached() bool
	// Leave says that everybody has been told of the end; Left's channel is
	// closed then.
	Leave()
	Left() <-chan struct{}
}

// table holds the bound sessions by account, in shards so that accounts do
// not wait for one another. A shard's lock is held for look-ups and swaps only;
// the slices are never changed in place, so a snapshot costs nothing.
type table struct {
	shards [shards]shard
}

const shards = 64

type shard struct {
	mu       sync.RWMutex
	accounts map[jid.JID]list // guarded by mu; values immutable
}

// list holds the sessions of one account, twice: as the router and as the
// modules know them.
type list struct {
	bound    []Bound
	sessions []module.Session
}

func (l list) with(s Bound) list {
	return list{append(slices.Clip(l.bound), s), append(slices.Clip(l.sessions), s)}
}

func (l list) without(s Bound) list {
	i := slices.Index(l.bound, s)
	if i < 0 {
		return l
	}
	return list{slices.Delete(slices.Clone(l.bound), i, i+1), slices.Delete(slices.Clone(l.sessions), i, i+1)}
}

var hashSeed = maphash.MakeSeed()

func (t *table) shard(account jid.JID) *shard {
	return &t.shards[maphash.String(hashSeed, account.String())%shards]
}

func (t *table) list(account jid.JID) list {
	s := t.shard(account)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.accounts[account]
}

func (t *table) sessions(account jid.JID) []module.Session { return t.list(account).sessions }

func (t *table) session(full jid.JID) module.Session {
	if s := t.only(full); s != nil {
		return s[0]
	}
	return nil
}

// only returns the session of a full JID as the part of its account's list that
// it is; nil if there is none.
func (t *table) only(full jid.JID) []module.Session {
	all := t.sessions(full.Bare())
	for i, s := range all {
		if s.JID() == full {
			return all[i : i+1 : i+1]
		}
	}
	return nil
}

func (t *table) each(f func(module.Session)) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.RLock()
		var all []module.Session
		for _, l := range s.accounts {
			all = append(all, l.sessions...)
		}
		s.mu.RUnlock()
		for _, session := range all {
			f(session)
		}
	}
}

// add puts s into the table. It returns the session that holds the resource
// already, or full if the account has max sessions, with the oldest of them that
// waits for its client, if one does; then nothing was added.
func (t *table) add(s Bound, max int) (holder Bound, full bool) {
	account := s.JID().Bare()
	sh := t.shard(account)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	l := sh.accounts[account]
	for _, old := range l.bound {
		if old.JID() == s.JID() {
			return old, false
		}
	}
	if max > 0 && len(l.bound) >= max {
		if i := slices.IndexFunc(l.bound, Bound.Detached); i >= 0 {
			return l.bound[i], true
		}
		return nil, true
	}
	if sh.accounts == nil {
		sh.accounts = make(map[jid.JID]list)
	}
	sh.accounts[account] = l.with(s)
	return nil, false
}

func (t *table) remove(s Bound) {
	account := s.JID().Bare()
	sh := t.shard(account)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	rest := sh.accounts[account].without(s)
	if len(rest.bound) == 0 {
		delete(sh.accounts, account)
		return
	}
	sh.accounts[account] = rest
}

// conflictGrace is how long a new session waits for the one whose resource it
// takes over to leave.
const conflictGrace = 5 * time.Second

// Bind makes s known. An older session with the same resource, or one too many
// that waits for its client, is ended with <conflict/> first (RFC 6120 §7.7.2.2, third case), and its leave is complete
// before the new one appears, so that contacts see them in this order. The
// error is a *stanza.Error if the account has too many sessions (RFC 6120
// §7.6.2.1).
func (r *Router) Bind(ctx context.Context, s Bound) error {
	ctx, cancel := context.WithTimeout(ctx, conflictGrace)
	defer cancel()
	for {
		holder, full := r.table.add(s, r.MaxResources)
		switch {
		case full && holder == nil:
			return stanza.NewError(stanza.ResourceConstraint, "the account has too many sessions")
		case holder == nil:
			return nil
		}
		holder.End(&stanza.StreamError{Condition: stanza.StreamConflict, Text: "replaced by a new session"})
		select {
		case <-holder.Left():
		case <-ctx.Done():
			return stanza.NewError(stanza.Conflict, "the resource is in use")
		}
	}
}

// Bound tells the modules that s is bound and its client knows.
func (r *Router) Bound(ctx context.Context, s Bound) {
	if err := r.Hooks.SessionBound.Run(ctx, s); err != nil {
		r.Log.Error("session bound hook failed", "jid", s.JID().String(), "err", err)
	}
}

// Detached tells the modules that s has lost its stream, and may be resumed.
func (r *Router) Detached(ctx context.Context, s Bound) {
	if err := r.Hooks.SessionDetached.Run(ctx, s); err != nil {
		r.Log.Error("session detached hook failed", "jid", s.JID().String(), "err", err)
	}
}

// Resumed tells the modules that s has a stream again.
func (r *Router) Resumed(ctx context.Context, s Bound) {
	if err := r.Hooks.SessionResumed.Run(ctx, s); err != nil {
		r.Log.Error("session resumed hook failed", "jid", s.JID().String(), "err", err)
	}
}

// Unbind gives what s did not deliver to others, takes s out of the table and
// tells the modules. ctx must outlive the connection.
func (r *Router) Unbind(ctx context.Context, s Bound, orderly bool) {
	defer s.Leave() // even if a handler panics: a new session may wait for it
	r.close(s, orderly)
	if err := r.Hooks.SessionClosed.Run(ctx, s); err != nil {
		r.Log.Error("session closed hook failed", "jid", s.JID().String(), "err", err)
	}
}

func (r *Router) close(s Bound, orderly bool) {
	defer r.table.remove(s)
	s.Close(orderly)
}
