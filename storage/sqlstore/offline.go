package sqlstore

import (
	"context"
	"math"
	"slices"

	"parley/storage"
)

// AppendOffline keeps a message for an account. The handle fails with
// storage.ErrQuota when the account already has max messages (0 or less: no
// limit) and with storage.ErrNotFound when it does not exist. m.ID is not read;
// ids grow in the order of the calls within an account. ctx bounds only the
// wait for room in the queue.
func (s *Store) AppendOffline(ctx context.Context, m storage.OfflineMessage, max int) storage.Pending {
	if max <= 0 {
		max = math.MaxInt32
	}
	return s.commits.submit(ctx, &op{name: "append offline", key: m.Account, plan: planAppend(m, max)})
}

// offlineAppend is a message on its way into the database.
type offlineAppend struct {
	message storage.OfflineMessage
	max     int
}

func planAppend(m storage.OfflineMessage, max int) plan {
	statements := []Statement{{SQL: `UPDATE accounts
		SET offline_last = offline_last + $2, offline_prior = offline_count,
			offline_count = CASE WHEN offline_count + $2 <= $3 THEN offline_count + $2
				WHEN offline_count < $3 THEN $3 ELSE offline_count END
		WHERE jid = $1`, Args: []any{m.Account, 1, max}},
		insertOffline(&offlineAppend{m, max}, max, 0)}
	return plan{statements, judgeAppend}
}

// insertOffline inserts a message if the account had fewer than below messages
// before the plan. later is how many messages follow in it.
func insertOffline(a *offlineAppend, below, later int) Statement {
	m := a.message
	return Statement{SQL: `INSERT INTO offline_messages
			(account, id, received, sender, recipient, stanza_id, type, lang, payload)
		SELECT jid, offline_last - $2, $3, $4, $5, $6, $7, $8, $9 FROM accounts
		WHERE jid = $1 AND offline_prior < $10`,
		Args: []any{m.Account, later, fromTime(m.Received), m.From, m.To, m.StanzaID, m.Type, m.Lang, fromBytes(m.Payload), below}}
}

func judgeAppend(affected []int64) error {
	switch {
	case affected[0] == 0:
		return storage.ErrNotFound
	case affected[1] == 0:
		return storage.ErrQuota
	}
	return nil
}

// Offline returns the messages of an account with ids above after, oldest
// first, at most limit of them (0 or less: all).
func (s *Store) Offline(ctx context.Context, account string, after int64, limit int) ([]storage.OfflineMessage, error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	var list []storage.OfflineMessage
	err := s.engine.Query(ctx, func(scan Scan) error {
		m := storage.OfflineMessage{Account: account}
		var received int64
		err := scan(&m.ID, &received, &m.From, &m.To, &m.StanzaID, &m.Type, &m.Lang, &m.Payload)
		m.Received, m.Payload = toTime(received), toBytes(m.Payload)
		list = append(list, m)
		return err
	}, `SELECT id, received, sender, recipient, stanza_id, type, lang, payload
		FROM offline_messages WHERE account = $1 AND id > $2 ORDER BY id LIMIT $3`, account, after, limit)
	if err != nil {
		return nil, s.wrap("offline", err)
	}
	return list, nil
}

// DeleteOffline removes messages by their ids; unknown ids do no harm. The
// handle fails with storage.ErrNotFound when the account does not exist.
func (s *Store) DeleteOffline(ctx context.Context, account string, ids []int64) storage.Pending {
	statements := []Statement{{SQL: `UPDATE accounts SET offline_count = offline_count WHERE jid = $1`, Args: []any{account}}}
	for _, r := range ranges(ids) {
		statements = append(statements, Statement{
			SQL: `DELETE FROM offline_messages WHERE account = $1 AND id BETWEEN $2 AND $3`, Args: []any{account, r.first, r.last}})
	}
	statements = append(statements, Statement{SQL: `UPDATE accounts SET offline_count =
		(SELECT COUNT(*) FROM offline_messages WHERE account = $1) WHERE jid = $1`, Args: []any{account}})
	return s.submit(ctx, "delete offline", account, func(affected []int64) error { return found(affected[0]) },
		statements...)
}

type idRange struct{ first, last int64 }

// ranges joins neighbouring ids. Ids are dense within an account, so what was
// delivered together is usually one range and costs one statement.
func ranges(ids []int64) []idRange {
	sorted := slices.Clone(ids)
	slices.Sort(sorted)
	var list []idRange
	for _, id := range sorted {
		if n := len(list); n > 0 && id <= list[n-1].last+1 {
			list[n-1].last = id
			continue
		}
		list = append(list, idRange{id, id})
	}
	return list
}

// CountOffline tells how many messages wait for an account; none for an unknown
// one.
func (s *Store) CountOffline(ctx context.Context, account string) (int, error) {
	n := 0
	err := s.engine.Query(ctx, func(scan Scan) error { return scan(&n) },
		`SELECT offline_count FROM accounts WHERE jid = $1`, account)
	return n, s.wrap("count offline", err)
}
