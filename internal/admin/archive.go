package admin

import (
	"context"
	"time"

	"parley/storage"
)

// Archives are the messages of accounts.
type Archives interface {
	PurgeMessages(ctx context.Context, account string, before int64, limit int) (n int, err error)
}

// clearStep is how many messages are removed at a time, so that others need not
// wait.
const clearStep = 1000

// ClearArchive removes what an account's archive has of before a time, but for
// what waits to be delivered. It returns the account's prepared address and the
// number of messages.
func (a *Admin) ClearArchive(ctx context.Context, address string, before time.Time) (account string, n int, err error) {
	if account, err = a.Address(address); err != nil {
		return "", 0, err
	}
	if _, err := a.store.Account(ctx, account); err != nil {
		return account, 0, a.explain(account, err)
	}
	for {
		step, err := a.store.PurgeMessages(ctx, account, storage.MessageID(before), clearStep)
		n += step
		if err != nil || step < clearStep {
			return account, n, err
		}
	}
}
