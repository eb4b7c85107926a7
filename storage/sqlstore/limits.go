package sqlstore

import (
	"context"
	"slices"
	"strconv"
)

// limited are the accounts of a batch to which messages are appended that are
// refused if too many wait.
type limited struct {
	accounts []string // sorted, each once
	most     int      // the highest limit
}

// limits returns the limits that the appends of these ops have.
func limits(ops []*op) (l limited) {
	for _, o := range ops {
		if o.append != nil && o.append.Undelivered && o.append.MaxUndelivered > 0 {
			l.accounts = append(l.accounts, o.key)
			l.most = max(l.most, o.append.MaxUndelivered)
		}
	}
	slices.Sort(l.accounts)
	l.accounts = slices.Compact(l.accounts)
	return l
}

// waiting is how many messages wait for accounts; negative if one does not exist.
// Those that nobody counts are not in it.
type waiting map[string]int

// count counts what waits, up to the highest limit. Other nodes that count wait
// for the account's row; each statement sees what was committed before it.
func (l limited) count(ctx context.Context, tx Tx) (waiting, error) {
	list, args := placeholders(1, l.accounts)
	w := waiting{}
	for _, account := range l.accounts {
		w[account] = -1
	}
	var account string
	err := tx.Query(ctx, func(scan Scan) error { return scan(&account) },
		`SELECT jid FROM accounts WHERE jid IN (`+list+`) ORDER BY jid FOR UPDATE`, args...)
	if err != nil {
		return nil, err
	}
	// The limit stands in the text: SQLite plans anew for another value of it.
	return w, tx.Query(ctx, func(scan Scan) error {
		var n int
		err := scan(&account, &n)
		w[account] = n
		return err
	}, `SELECT a.jid, (SELECT COUNT(*) FROM (
			SELECT 1 FROM undelivered u WHERE u.account = a.jid LIMIT `+strconv.Itoa(l.most)+`) waiting)
		FROM accounts a WHERE a.jid IN (`+list+`)`, args...)
}
