package mam

import (
	"context"
	"time"

	"parley/internal/jid"
	"parley/storage"
)

// readTimeout bounds one read of what a message waits for: a network that swallows
// everything is a database that is away.
const readTimeout = 5 * time.Second

// timely is a store of which such reads end in time.
type timely struct{ Store }

// ArchiveRules implements Store.
func (s timely) ArchiveRules(ctx context.Context, account string) (storage.ArchiveRules, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return s.Store.ArchiveRules(ctx, account)
}

// RecentOrigins implements Store.
func (s timely) RecentOrigins(ctx context.Context, account string, since int64, limit int) ([]storage.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return s.Store.RecentOrigins(ctx, account, since, limit)
}

// HasArchived implements Store.
func (s timely) HasArchived(ctx context.Context, account string, ids ...int64) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return s.Store.HasArchived(ctx, account, ids...)
}

// UndeliveredOf implements Store.
func (s timely) UndeliveredOf(ctx context.Context, account string, ids []int64) ([]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return s.Store.UndeliveredOf(ctx, account, ids)
}

// FindMessage implements Store.
func (s timely) FindMessage(ctx context.Context, account, peer, id string) (storage.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return s.Store.FindMessage(ctx, account, peer, id)
}

// timelyRoster is the same of a roster.
type timelyRoster struct{ Roster }

// Lists implements Roster.
func (r timelyRoster) Lists(ctx context.Context, account, contact jid.JID) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return r.Roster.Lists(ctx, account, contact)
}
