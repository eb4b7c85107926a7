package sqlstore

import (
	"context"

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
