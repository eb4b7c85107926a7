package sqlstore

import (
	"context"

	"parley/storage"
)

// ArchiveRules returns what SetArchiveRules stored, or storage.ErrNotFound.
func (s *Store) ArchiveRules(ctx context.Context, account string) (rules storage.ArchiveRules, err error) {
	known := false
	err = s.engine.Query(ctx, func(scan Scan) error {
		var always, never string
		err := scan(&rules.Default, &always, &never)
		rules.Always, rules.Never, known = splitGroups(always), splitGroups(never), true
		return err
	}, `SELECT fallback, always, never FROM archive_rules WHERE account = $1`, account)
	if err == nil && !known {
		err = storage.ErrNotFound
	}
	return rules, s.wrap("archive rules", err)
}

// SetArchiveRules replaces the archiving preferences of an account. It fails
// with storage.ErrNotFound when the account does not exist.
func (s *Store) SetArchiveRules(ctx context.Context, account string, rules storage.ArchiveRules) error {
	always, err := joinGroups(rules.Always)
	if err != nil {
		return s.wrap("set archive rules", err)
	}
	never, err := joinGroups(rules.Never)
	if err != nil {
		return s.wrap("set archive rules", err)
	}
	return s.do(ctx, "set archive rules", account, func(ctx context.Context, tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO archive_rules (account, fallback, always, never)
			SELECT jid, $2, $3, $4 FROM accounts WHERE jid = $1
			ON CONFLICT (account) DO UPDATE SET
				fallback = excluded.fallback, always = excluded.always, never = excluded.never`,
			account, rules.Default, always, never)
		if err != nil {
			return err
		}
		return found(n)
	})
}
