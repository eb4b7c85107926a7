package sqlstore

import (
	"context"
	"math"

	"parley/storage"
)

// AppendMessage stores a message under an id of NewMessageID. The handle fails
// with storage.ErrNotFound when the account does not exist and with
// storage.ErrQuota when a.MaxUndelivered wait for it already. ctx bounds only
// the wait for room in the queue; a write of a.Unit waits for Submit.
func (s *Store) AppendMessage(ctx context.Context, m storage.Message, a storage.Append) storage.Pending {
	return s.join(ctx, a.Unit, &op{name: "append message", key: m.Account, append: &appended{m, a}})
}

// appended is a message on its way into the database.
type appended struct {
	message storage.Message
	storage.Append
}

// statements store a message if its account has room. Other nodes that count
// wait for the account's row; each statement sees what was committed before it.
func (a *appended) statements() []Statement {
	m := a.message
	return []Statement{
		{SQL: lockAccount, Args: []any{m.Account}},
		{SQL: `INSERT INTO messages (` + messageNames + `)
			SELECT jid, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 FROM accounts WHERE jid = $1
			AND (SELECT COUNT(*) FROM (SELECT 1 FROM undelivered WHERE account = $1 LIMIT $15) waiting) < $15`,
			Args: []any{m.Account, m.ID, m.Outgoing, m.Peer, m.PeerResource, fromTime(m.Received), m.From, m.To,
				m.StanzaID, m.OriginID, m.Type, m.Lang, fromBytes(m.Payload), m.Listed, a.limit()}},
		{SQL: `INSERT INTO undelivered (account, id, listed)
			SELECT account, id, listed FROM messages WHERE account = $1 AND id = $2`, Args: []any{m.Account, m.ID}},
	}
}

func (a *appended) limit() int {
	if a.MaxUndelivered <= 0 {
		return math.MaxInt32
	}
	return a.MaxUndelivered
}
