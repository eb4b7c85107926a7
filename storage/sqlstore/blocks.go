package sqlstore

import (
	"context"
	"slices"
	"time"

	"parley/storage"
)

// Blocks returns whom an account blocks, ordered. An unknown account blocks
// nobody.
func (s *Store) Blocks(ctx context.Context, account string) ([]string, error) {
	list, err := blocks(ctx, s.engine, account)
	return list, s.wrap("blocks", err)
}

func blocks(ctx context.Context, q Queryer, account string) (list []string, err error) {
	err = q.Query(ctx, func(scan Scan) error {
		var jid string
		err := scan(&jid)
		list = append(list, jid)
		return err
	}, `SELECT jid FROM blocks WHERE account = $1 ORDER BY jid`, account)
	return list, err
}

// Block adds addresses to those that an account blocks, all or, with an error,
// none. It fails with storage.ErrQuota when there would be more than maxItems, and
// with storage.ErrNotFound when the account does not exist.
func (s *Store) Block(ctx context.Context, account string, jids []string, maxItems int) error {
	return s.do(ctx, "block", account, func(ctx context.Context, tx Tx) error {
		if err := lock(ctx, tx, account); err != nil {
			return err
		}
		have, err := blocks(ctx, tx, account)
		if err != nil {
			return err
		}
		fresh := missing(have, jids)
		if len(have)+len(fresh) > maxItems {
			return storage.ErrQuota
		}
		return eachBlock(ctx, tx, `INSERT INTO blocks (account, jid) VALUES ($1, $2)`, account, fresh)
	})
}

// missing returns the wanted ones that an ordered list does not have, each once.
func missing(ordered, wanted []string) (out []string) {
	for _, w := range wanted {
		if _, found := slices.BinarySearch(ordered, w); !found && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

func eachBlock(ctx context.Context, tx Tx, sql, account string, jids []string) error {
	if len(jids) == 0 {
		return nil
	}
	statements := make([]Statement, len(jids))
	for i, jid := range jids {
		statements[i] = Statement{SQL: sql, Args: []any{account, jid}}
	}
	_, err := tx.Batch(ctx, statements)
	return err
}

// Unblock takes addresses from those that an account blocks, if they are there.
func (s *Store) Unblock(ctx context.Context, account string, jids []string) error {
	return s.do(ctx, "unblock", account, func(ctx context.Context, tx Tx) error {
		return eachBlock(ctx, tx, `DELETE FROM blocks WHERE account = $1 AND jid = $2`, account, jids)
	})
}

// UnblockAll takes them all.
func (s *Store) UnblockAll(ctx context.Context, account string) error {
	return s.do(ctx, "unblock all", account, func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM blocks WHERE account = $1`, account)
		return err
	})
}

// AddReport stores a report. It fails with storage.ErrQuota when there are
// maxReports of the same reporter.
func (s *Store) AddReport(ctx context.Context, r storage.Report, maxReports int) error {
	texts, err := joinGroups(flatten(r.Texts, func(t storage.ReportText) (string, string) { return t.Lang, t.Text }))
	if err != nil {
		return s.wrap("add report", err)
	}
	messages, err := joinGroups(flatten(r.Messages, func(m storage.ReportedMessage) (string, string) { return m.By, m.ID }))
	if err != nil {
		return s.wrap("add report", err)
	}
	return s.do(ctx, "add report", r.Reporter, func(ctx context.Context, tx Tx) error {
		n := 0
		err := tx.Query(ctx, func(scan Scan) error { return scan(&n) },
			`SELECT COUNT(*) FROM reports WHERE reporter = $1`, r.Reporter)
		if err == nil && n >= maxReports {
			err = storage.ErrQuota
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO reports
				(received, reporter, jid, reason, texts, messages, to_origin, third_party)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (received, reporter, jid) DO NOTHING`,
			fromTime(r.Received), r.Reporter, r.JID, r.Reason, texts, messages, r.ToOrigin, r.ThirdParty)
		return err
	})
}

func flatten[T any](pairs []T, split func(T) (string, string)) []string {
	out := make([]string, 0, 2*len(pairs))
	for _, p := range pairs {
		a, b := split(p)
		out = append(out, a, b)
	}
	return out
}

// Reports calls each for every report, the oldest first, until it returns an
// error.
func (s *Store) Reports(ctx context.Context, each func(storage.Report) error) error {
	err := s.engine.Query(ctx, func(scan Scan) error {
		r, err := scanReport(scan)
		if err != nil {
			return err
		}
		return each(r)
	}, `SELECT received, reporter, jid, reason, texts, messages, to_origin, third_party
		FROM reports ORDER BY received, reporter, jid`)
	return s.wrap("reports", err)
}

func scanReport(scan Scan) (r storage.Report, err error) {
	var received int64
	var texts, messages string
	err = scan(&received, &r.Reporter, &r.JID, &r.Reason, &texts, &messages, &r.ToOrigin, &r.ThirdParty)
	r.Received = toTime(received)
	for pair := range slices.Chunk(splitGroups(texts), 2) {
		r.Texts = append(r.Texts, storage.ReportText{Lang: pair[0], Text: pair[1]})
	}
	for pair := range slices.Chunk(splitGroups(messages), 2) {
		r.Messages = append(r.Messages, storage.ReportedMessage{By: pair[0], ID: pair[1]})
	}
	return r, err
}

// DeleteReports removes the reports received before a time.
func (s *Store) DeleteReports(ctx context.Context, before time.Time) (n int, err error) {
	err = s.do(ctx, "delete reports", "", func(ctx context.Context, tx Tx) error {
		deleted, err := tx.Exec(ctx, `DELETE FROM reports WHERE received < $1`, fromTime(before))
		n = int(deleted)
		return err
	})
	return n, err
}
