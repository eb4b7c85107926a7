package sqlstore

import (
	"context"

	"parley/storage"
)

// SetLastActivity remembers when an account was last seen (XEP-0012 §4). The
// handle fails with storage.ErrNotFound when the account does not exist.
func (s *Store) SetLastActivity(ctx context.Context, account string, a storage.LastActivity) storage.Pending {
	return s.submit(ctx, "set last activity", account, func(affected []int64) error { return found(affected[0]) },
		Statement{SQL: `INSERT INTO last_activity (account, seen, status)
			SELECT jid, $2, $3 FROM accounts WHERE jid = $1
			ON CONFLICT (account) DO UPDATE SET seen = excluded.seen, status = excluded.status`,
			Args: []any{account, fromTime(a.When), a.Status}})
}

// LastActivity returns what SetLastActivity remembered, or storage.ErrNotFound.
func (s *Store) LastActivity(ctx context.Context, account string) (storage.LastActivity, error) {
	var a storage.LastActivity
	known := false
	err := s.engine.Query(ctx, func(scan Scan) error {
		var seen int64
		err := scan(&seen, &a.Status)
		a.When, known = toTime(seen), true
		return err
	}, `SELECT seen, status FROM last_activity WHERE account = $1`, account)
	if err == nil && !known {
		err = storage.ErrNotFound
	}
	return a, s.wrap("last activity", err)
}
