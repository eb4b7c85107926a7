package sqlstore

import (
	"context"
	"math"

	"parley/storage"
)

// selected are the columns that scanMessage reads.
const selected = `m.id, m.outgoing, m.peer, m.peer_resource, m.received, m.sender, m.recipient,
	m.stanza_id, m.origin_id, m.type, m.lang, m.payload, m.listed`

func scanMessage(scan Scan, m *storage.Message) error {
	var received int64
	err := scan(&m.ID, &m.Outgoing, &m.Peer, &m.PeerResource, &received, &m.From, &m.To,
		&m.StanzaID, &m.OriginID, &m.Type, &m.Lang, &m.Payload, &m.Listed)
	m.Received, m.Payload = toTime(received), toBytes(m.Payload)
	return err
}

// collect reads messages of an account into list.
func collect(account string, list *[]storage.Message) func(Scan) error {
	return func(scan Scan) error {
		m := storage.Message{Account: account}
		err := scanMessage(scan, &m)
		*list = append(*list, m)
		return err
	}
}

// Undelivered returns the messages of an account that wait for delivery with ids
// above after, oldest first, at most limit of them (0 or less: all).
func (s *Store) Undelivered(ctx context.Context, account string, after int64, limit int) ([]storage.Message, error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	var list []storage.Message
	// CROSS, because SQLite then walks what waits and not what is archived.
	err := s.engine.Query(ctx, collect(account, &list), `SELECT `+selected+`
		FROM undelivered u CROSS JOIN messages m
		WHERE u.account = $1 AND u.id > $2 AND m.account = $1 AND m.id = u.id
		ORDER BY u.id LIMIT $3`, account, after, limit)
	return list, s.wrap("undelivered", err)
}

// CountUndelivered tells how many messages wait for an account; none for an
// unknown one.
func (s *Store) CountUndelivered(ctx context.Context, account string) (n int, err error) {
	err = s.engine.Query(ctx, func(scan Scan) error { return scan(&n) },
		`SELECT COUNT(*) FROM undelivered WHERE account = $1`, account)
	return n, s.wrap("count undelivered", err)
}

// UndeliveredOf returns those of the ids that wait for delivery, in their order.
func (s *Store) UndeliveredOf(ctx context.Context, account string, ids []int64) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, args := placeholders(2, ids)
	var waiting []int64
	err := s.engine.Query(ctx, func(scan Scan) error {
		var id int64
		err := scan(&id)
		waiting = append(waiting, id)
		return err
	}, `SELECT id FROM undelivered WHERE account = $1 AND id IN (`+list+`) ORDER BY id`,
		append([]any{account}, args...)...)
	return waiting, s.wrap("undelivered of", err)
}
