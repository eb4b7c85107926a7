package sqlstore

import (
	"context"
	"errors"
	"strings"

	"parley/storage"
)

// maxTombstones is how many removed contacts an account remembers for
// RosterSince. A client that missed more removals fetches the whole roster.
const maxTombstones = 256

const itemColumns = `i.contact, i.name, i.group_names, i.subscription, i.ask, i.approved,
	i.in_roster, i.pending_in, i.pending_stanza, i.version`

// Roster returns the whole roster, unlisted items included.
func (s *Store) Roster(ctx context.Context, account string) (storage.Roster, error) {
	var r storage.Roster
	exists := false
	// One statement, so that version and items belong together.
	err := s.engine.Query(ctx, func(scan Scan) error {
		exists = true
		_, item, _, err := scanDelta(scan, &r.Version)
		if item.Contact != "" {
			r.Items = append(r.Items, item)
		}
		return err
	}, deltaColumns+`
		FROM accounts a LEFT JOIN roster_items i ON i.account = a.jid AND NOT i.removed
		WHERE a.jid = $1 ORDER BY i.contact`, account)
	if err == nil && !exists {
		err = storage.ErrNotFound
	}
	return r, s.wrap("roster", err)
}

// RosterSince returns what changed after a version (RFC 6121 §2.6). ok is false
// when the version is unknown or too old: then the client needs the whole
// roster.
func (s *Store) RosterSince(ctx context.Context, account string, version uint64) (d storage.RosterDelta, ok bool, err error) {
	exists, floor := false, uint64(0)
	err = s.engine.Query(ctx, func(scan Scan) error {
		exists = true
		f, item, removed, err := scanDelta(scan, &d.Version)
		floor = f
		switch {
		case item.Contact == "":
		case removed || !item.Listed():
			d.Removed = append(d.Removed, item.Contact)
		default:
			d.Changed = append(d.Changed, item)
		}
		return err
	}, deltaColumns+`
		FROM accounts a LEFT JOIN roster_items i ON i.account = a.jid AND i.version > $2
		WHERE a.jid = $1 ORDER BY i.version`, account, clampVersion(version))
	switch {
	case err != nil:
		return storage.RosterDelta{}, false, s.wrap("roster since", err)
	case !exists:
		return storage.RosterDelta{}, false, s.wrap("roster since", storage.ErrNotFound)
	case version < floor || version > d.Version:
		return storage.RosterDelta{Version: d.Version}, false, nil
	}
	return d, true, nil
}

// clampVersion makes a client's number fit the column; anything beyond is
// unknown anyway.
func clampVersion(v uint64) int64 {
	const limit = 1<<63 - 1
	return int64(min(v, limit))
}

const deltaColumns = `SELECT a.roster_version, a.roster_floor, COALESCE(i.removed, FALSE),
	COALESCE(i.contact, ''), COALESCE(i.name, ''), COALESCE(i.group_names, ''), COALESCE(i.subscription, 0),
	COALESCE(i.ask, FALSE), COALESCE(i.approved, FALSE), COALESCE(i.in_roster, FALSE),
	COALESCE(i.pending_in, FALSE), i.pending_stanza, COALESCE(i.version, 0)`

// scanDelta reads a row of deltaColumns; an account without items gives one row
// with an empty contact.
func scanDelta(scan Scan, version *uint64) (floor uint64, item storage.RosterItem, removed bool, err error) {
	var groups string
	err = scan(version, &floor, &removed, &item.Contact, &item.Name, &groups, &item.Subscription,
		&item.Ask, &item.Approved, &item.InRoster, &item.PendingIn, &item.PendingStanza, &item.Version)
	item.Groups, item.PendingStanza = splitGroups(groups), toBytes(item.PendingStanza)
	return floor, item, removed, err
}

// groupSeparator divides group names in their column. It is no character of XML
// 1.0, so no client can send it.
const groupSeparator = "\x1f"

var errGroupName = errors.New("a group name contains U+001F")

func joinGroups(groups []string) (string, error) {
	for _, g := range groups {
		if strings.Contains(g, groupSeparator) {
			return "", errGroupName
		}
	}
	// A leading separator tells one empty name from none.
	var b strings.Builder
	for _, g := range groups {
		b.WriteString(groupSeparator)
		b.WriteString(g)
	}
	return b.String(), nil
}

func splitGroups(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s[len(groupSeparator):], groupSeparator)
}
