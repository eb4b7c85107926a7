package sqlstore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"parley/storage"
)

// Archive returns a page of the listed messages of an account that the filter
// selects, oldest first. complete tells that there are no more in the direction
// of the page.
func (s *Store) Archive(ctx context.Context, account string, f storage.ArchiveFilter, p storage.ArchivePage) (rows []storage.Message, complete bool, err error) {
	w := where(account, f)
	w.above, w.below = max(w.above, p.After), min(w.below, orHighest(p.Before))
	backwards := p.Before > 0 || p.Last
	// One more than asked for tells whether there are more.
	err = s.engine.Query(ctx, collect(account, &rows), w.page(selected, backwards), w.arguments(p.Max+1)...)
	if err != nil {
		return nil, false, s.wrap("archive", err)
	}
	complete = len(rows) <= p.Max
	rows = rows[:min(len(rows), p.Max)]
	if backwards {
		slices.Reverse(rows)
	}
	return rows, complete, nil
}

// ArchiveCount tells how many listed messages the filter selects. It reads all
// of them in the index.
func (s *Store) ArchiveCount(ctx context.Context, account string, f storage.ArchiveFilter) (n int, err error) {
	w := where(account, f)
	err = s.engine.Query(ctx, func(scan Scan) error { return scan(&n) },
		`SELECT COUNT(*) FROM messages m WHERE `+w.text, w.arguments()...)
	return n, s.wrap("archive count", err)
}

// ArchiveEnds returns the first and the last listed message of an account, or
// storage.ErrNotFound when there is none.
func (s *Store) ArchiveEnds(ctx context.Context, account string) (first, last storage.MessageEnd, err error) {
	w := where(account, storage.ArchiveFilter{})
	for backwards, end := range map[bool]*storage.MessageEnd{false: &first, true: &last} {
		err = s.engine.Query(ctx, func(scan Scan) error {
			var received int64
			err := scan(&end.ID, &received)
			end.Received = toTime(received)
			return err
		}, w.page(`m.id, m.received`, backwards), w.arguments(1)...)
		if err == nil && end.ID == 0 {
			err = storage.ErrNotFound
		}
		if err != nil {
			return first, last, s.wrap("archive ends", err)
		}
	}
	return first, last, nil
}

// HasArchived tells whether all these ids are listed.
func (s *Store) HasArchived(ctx context.Context, account string, ids ...int64) (bool, error) {
	if len(ids) == 0 {
		return true, nil
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	n, err := s.ArchiveCount(ctx, account, storage.ArchiveFilter{IDs: ids})
	return n == len(ids), err
}

// FindMessage looks through the last findNear messages with one peer, where most
// often it is, then through findFar. There is no index of the ids that clients
// choose: it would cost every message a page at a random place.
const (
	findNear = 100
	findFar  = 10_000
)

// FindMessage returns the newest listed message with peer that has this origin-id
// or this 'id' attribute, or storage.ErrNotFound. It looks at the last findFar
// ones.
func (s *Store) FindMessage(ctx context.Context, account, peer, id string) (storage.Message, error) {
	var list []storage.Message
	var err error
	for _, depth := range []int{findNear, findFar} {
		if err != nil || len(list) > 0 {
			break
		}
		err = s.engine.Query(ctx, collect(account, &list), `SELECT `+selected+` FROM messages m
			WHERE m.account = $1 AND m.id = (SELECT MAX(l.id) FROM
				(SELECT id, stanza_id, origin_id FROM messages
				WHERE account || ' ' || peer = $2 AND listed ORDER BY id DESC LIMIT $4) l
				WHERE l.origin_id = $3 OR l.stanza_id = $3)`, account, conversation(account, peer), id, depth)
	}
	if err == nil && len(list) == 0 {
		err = storage.ErrNotFound
	}
	if err != nil {
		return storage.Message{}, s.wrap("find message", err)
	}
	return list[0], nil
}

// ReplaceMessage gives a stored message, named by its account and id, another
// payload. The handle fails with storage.ErrNotFound when there is none.
func (s *Store) ReplaceMessage(ctx context.Context, m storage.Message) storage.Pending {
	return s.submit(ctx, "replace message", m.Account, func(affected []int64) error { return found(affected[0]) },
		Statement{SQL: `UPDATE messages SET payload = $3 WHERE account = $1 AND id = $2`,
			Args: []any{m.Account, m.ID, fromBytes(m.Payload)}})
}

// RecentOrigins returns the messages an account sent with an origin-id, from the
// id since on, newest first, at most limit. Only ID, OriginID, From, To and Peer
// are filled.
func (s *Store) RecentOrigins(ctx context.Context, account string, since int64, limit int) ([]storage.Message, error) {
	var list []storage.Message
	err := s.engine.Query(ctx, func(scan Scan) error {
		m := storage.Message{Account: account, Outgoing: true}
		err := scan(&m.ID, &m.OriginID, &m.From, &m.To, &m.Peer)
		list = append(list, m)
		return err
	}, `SELECT id, origin_id, sender, recipient, peer FROM messages
		WHERE account = $1 AND id >= $2 AND outgoing AND origin_id <> '' ORDER BY id DESC LIMIT $3`,
		account, since, limit)
	return list, s.wrap("recent origins", err)
}

// PurgeMessages removes listed messages of an account with ids below before that
// do not wait for delivery, oldest first, at most limit of them.
func (s *Store) PurgeMessages(ctx context.Context, account string, before int64, limit int) (n int, err error) {
	err = s.do(ctx, "purge messages", account, func(ctx context.Context, tx Tx) error {
		purged, err := tx.Exec(ctx, `DELETE FROM messages WHERE account = $1 AND id IN
			(SELECT m.id FROM messages m WHERE m.account = $1 AND m.id < $2 AND m.listed
			AND NOT EXISTS (SELECT 1 FROM undelivered u WHERE u.account = m.account AND u.id = m.id)
			ORDER BY m.id LIMIT $3)`, account, before, limit)
		n = int(purged)
		return err
	})
	return n, err
}

// conversation is what the index by peer is of: an account and a peer in one
// value. As two columns, of which the primary key has the first as well, they
// would leave the choice to the planner, which takes the primary key, and tests
// the peer of every message, when it believes that accounts have few of them.
func conversation(account, peer string) string { return account + " " + peer }

// archiveWhere is the condition of an archive query: a stretch of the ids, with
// everything else tested on the way.
type archiveWhere struct {
	owner        string // whose: an account's, or one of its conversations
	above, below int64  // exclusive
	text         string
	args         []any // after the first three
}

func where(account string, f storage.ArchiveFilter) *archiveWhere {
	w := &archiveWhere{owner: account, above: f.AfterID, below: orHighest(f.BeforeID),
		text: `m.account = $1 AND m.id > $2 AND m.id < $3 AND m.listed`}
	if !f.Start.IsZero() {
		w.above = max(w.above, storage.MessageID(f.Start)-1)
	}
	if !f.End.IsZero() {
		w.below = min(w.below, storage.MessageID(f.End.Add(time.Microsecond)))
	}
	if f.Peer != "" {
		w.owner = conversation(account, f.Peer)
		w.text = `m.account || ' ' || m.peer = $1 AND m.id > $2 AND m.id < $3 AND m.listed`
	}
	if f.Peer != "" && f.PeerResource != "" {
		w.and(`m.peer_resource = $%d`, f.PeerResource)
	}
	if len(f.IDs) > 0 {
		list, args := placeholders(w.next(), f.IDs)
		w.text, w.args = w.text+` AND m.id IN (`+list+`)`, append(w.args, args...)
	}
	return w
}

// next is the number of the next placeholder.
func (w *archiveWhere) next() int { return 4 + len(w.args) }

func (w *archiveWhere) and(condition string, arg any) {
	w.text += ` AND ` + fmt.Sprintf(condition, w.next())
	w.args = append(w.args, arg)
}

func (w *archiveWhere) arguments(more ...any) []any {
	return slices.Concat([]any{w.owner, w.above, w.below}, w.args, more)
}

// page is the statement for a page; its limit is the argument after the
// condition's.
func (w *archiveWhere) page(columns string, backwards bool) string {
	order := `m.id`
	if backwards {
		order = `m.id DESC`
	}
	return fmt.Sprintf(`SELECT %s FROM messages m WHERE %s ORDER BY %s LIMIT $%d`, columns, w.text, order, w.next())
}

// orHighest makes a bound of an id that may not be set.
func orHighest(id int64) int64 {
	if id <= 0 {
		return math.MaxInt64
	}
	return id
}
