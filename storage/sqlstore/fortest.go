package sqlstore

import (
	"context"

	"parley/migrations"
)

// MarkVersion is for tests: it pretends that a later program migrated the
// database to a version.
func MarkVersion(ctx context.Context, s *Store, version int) error {
	return s.do(ctx, "mark version", "", func(ctx context.Context, tx Tx) error {
		return record(ctx, tx, migrations.Migration{Version: version, Name: "of a later program"})
	})
}

// LimitBatch is for tests: at most n writes share a transaction from now on.
func LimitBatch(s *Store, n int) {
	s.commits.mu.Lock()
	defer s.commits.mu.Unlock()
	s.commits.limit = n
}

// QueueLimit is for tests: so many writes wait at most.
const QueueLimit = maxQueued

// Queued is for tests: so many writes wait now.
func Queued(s *Store) int { return len(s.commits.slots) }
