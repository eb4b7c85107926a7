package sqlstore

import (
	"context"
	"slices"

	"parley/storage"
)

// UpdateRoster changes one roster item in an atomic read-modify-write. change
// gets the item (only Contact set when it does not exist) and says whether to
// keep it; its error ends the update and is returned. It may run more than
// once, so it must be pure; everybody's writes wait for it, so it must be quick
// and not call the store.
//
// before and after are the item's two states; they are equal when nothing had
// to be written, and version is then the unchanged one. Otherwise version is
// the account's new roster version, one more than the last. A new listed item
// beyond maxItems (0 or less: no limit) fails with storage.ErrQuota, an unknown
// account with storage.ErrNotFound.
func (s *Store) UpdateRoster(ctx context.Context, account, contact string, maxItems int,
	change func(item *storage.RosterItem, exists bool) (keep bool, err error),
) (before, after storage.RosterItem, version uint64, err error) {
	u := rosterUpdate{account: account, contact: contact, maxItems: maxItems}
	err = s.do(ctx, "update roster", account, func(ctx context.Context, tx Tx) error {
		if err := u.read(ctx, tx); err != nil {
			return err
		}
		keep, err := u.decide(change)
		if err != nil || !u.changed(keep) {
			return err
		}
		return u.write(ctx, tx, keep)
	})
	if err != nil {
		return storage.RosterItem{}, storage.RosterItem{}, 0, err
	}
	return u.before, u.after, u.version, nil
}

// rosterUpdate is one run of UpdateRoster.
type rosterUpdate struct {
	account, contact string
	maxItems         int

	version       uint64 // of the roster
	exists        bool   // the item did before
	before, after storage.RosterItem
}

func (u *rosterUpdate) read(ctx context.Context, tx Tx) error {
	u.version, u.exists = 0, false
	u.before = storage.RosterItem{Contact: u.contact}
	known := false
	err := tx.Query(ctx, func(scan Scan) error {
		known = true
		return scan(&u.version)
	}, `SELECT roster_version FROM accounts WHERE jid = $1 FOR UPDATE`, u.account)
	if err != nil {
		return err
	}
	if !known {
		return storage.ErrNotFound
	}
	return tx.Query(ctx, func(scan Scan) error {
		u.exists = true
		return scanItem(scan, &u.before)
	}, `SELECT `+itemColumns+` FROM roster_items i
		WHERE i.account = $1 AND i.contact = $2 AND NOT i.removed`, u.account, u.contact)
}

func scanItem(scan Scan, item *storage.RosterItem) error {
	var groups string
	err := scan(&item.Contact, &item.Name, &groups, &item.Subscription, &item.Ask, &item.Approved,
		&item.InRoster, &item.PendingIn, &item.PendingStanza, &item.Version)
	item.Groups, item.PendingStanza = splitGroups(groups), toBytes(item.PendingStanza)
	return err
}

// decide runs change on a copy, so that it can run again.
func (u *rosterUpdate) decide(change func(*storage.RosterItem, bool) (bool, error)) (bool, error) {
	u.after = u.before
	u.after.Groups = slices.Clone(u.before.Groups)
	u.after.PendingStanza = slices.Clone(u.before.PendingStanza)
	keep, err := change(&u.after, u.exists)
	u.after.Contact = u.contact
	if !keep {
		u.after = storage.RosterItem{Contact: u.contact}
	}
	return keep, err
}

func (u *rosterUpdate) changed(keep bool) bool {
	return keep != u.exists || !u.after.Equal(u.before)
}

func (u *rosterUpdate) write(ctx context.Context, tx Tx, keep bool) error {
	if err := u.checkQuota(ctx, tx); err != nil {
		return err
	}
	groups, err := joinGroups(u.after.Groups)
	if err != nil {
		return err
	}
	u.version++
	u.after.Version = u.version
	_, err = tx.Exec(ctx, `UPDATE accounts SET roster_version = $2 WHERE jid = $1`, u.account, u.version)
	if err != nil {
		return err
	}
	if err := u.upsert(ctx, tx, groups, !keep); err != nil || keep {
		return err
	}
	return u.forget(ctx, tx)
}

func (u *rosterUpdate) checkQuota(ctx context.Context, tx Tx) error {
	if u.maxItems <= 0 || u.before.Listed() || !u.after.Listed() {
		return nil
	}
	listed := 0
	err := tx.Query(ctx, func(scan Scan) error { return scan(&listed) }, `
		SELECT COUNT(*) FROM (SELECT 1 FROM roster_items
			WHERE account = $1 AND in_roster AND NOT removed LIMIT $2) AS listed`, u.account, u.maxItems)
	if err == nil && listed >= u.maxItems {
		return storage.ErrQuota
	}
	return err
}

// upsert writes the item; a removed one stays as an empty tombstone with the
// version of its removal.
func (u *rosterUpdate) upsert(ctx context.Context, tx Tx, groups string, removed bool) error {
	i := u.after
	_, err := tx.Exec(ctx, `
		INSERT INTO roster_items (account, contact, name, group_names, subscription, ask, approved,
			in_roster, pending_in, pending_stanza, version, removed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (account, contact) DO UPDATE SET name = excluded.name, group_names = excluded.group_names,
			subscription = excluded.subscription, ask = excluded.ask, approved = excluded.approved,
			in_roster = excluded.in_roster, pending_in = excluded.pending_in,
			pending_stanza = excluded.pending_stanza, version = excluded.version, removed = excluded.removed`,
		u.account, i.Contact, i.Name, groups, int64(i.Subscription), i.Ask, i.Approved,
		i.InRoster, i.PendingIn, fromBytes(i.PendingStanza), i.Version, removed)
	return err
}

// forget drops the oldest tombstones beyond maxTombstones; versions before the
// newest dropped one can no longer be asked for.
func (u *rosterUpdate) forget(ctx context.Context, tx Tx) error {
	floor := uint64(0)
	err := tx.Query(ctx, func(scan Scan) error { return scan(&floor) }, `
		SELECT version FROM roster_items WHERE account = $1 AND removed
		ORDER BY version DESC LIMIT 1 OFFSET $2`, u.account, maxTombstones)
	if err != nil || floor == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM roster_items WHERE account = $1 AND removed AND version <= $2`,
		u.account, floor)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE accounts SET roster_floor = $2 WHERE jid = $1`, u.account, floor)
	return err
}
