package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"parley/storage"
)

// Ties are what other accounts know of one.
type Ties interface {
	Account(ctx context.Context, jid string) (storage.Account, error)
	Roster(ctx context.Context, account string) (storage.Roster, error)
	UpdateRoster(ctx context.Context, account, contact string, maxItems int,
		change func(item *storage.RosterItem, exists bool) (keep bool, err error)) (before, after storage.RosterItem, version uint64, err error)
}

// RemoveUser removes an account with everything that it owns. A running server
// is asked first, since it can tell the contacts at once; without one, or if it
// cannot, the same is done in the database.
func (a *Admin) RemoveUser(ctx context.Context, address string) (string, error) {
	account, err := a.Address(address)
	if err != nil {
		return "", err
	}
	if _, err := a.store.Account(ctx, account); err != nil {
		return account, a.explain(account, err)
	}
	_ = a.tell(ctx, Change{JID: account, What: Removing}) // told again below, where a failure shows
	if err := a.remove(ctx, account); err != nil {
		return account, err
	}
	return account, a.tell(ctx, Change{JID: account, What: Removed})
}

// remove is done when the account is gone, whoever removed it.
func (a *Admin) remove(ctx context.Context, account string) error {
	err := a.cutTies(ctx, account)
	if err == nil {
		err = a.store.DeleteAccount(ctx, account)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

// cutTies ends the subscriptions of the account's local contacts, as RFC 6121
// §3.2.3 and §3.3.3 would: who registers the name anew must not be taken for
// the old friend. The contacts keep their roster items.
func (a *Admin) cutTies(ctx context.Context, account string) error {
	roster, err := a.store.Roster(ctx, account)
	if err != nil {
		return err
	}
	for _, item := range roster.Items {
		if !strings.HasSuffix(item.Contact, "@"+a.opts.Domain) {
			continue
		}
		_, _, _, err := a.store.UpdateRoster(ctx, item.Contact, account, 0, untie)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
	}
	return nil
}

func untie(i *storage.RosterItem, _ bool) (keep bool, err error) {
	i.Subscription = storage.None
	i.Ask, i.Approved, i.PendingIn, i.PendingStanza = false, false, false, nil
	return i.InRoster, nil
}

// explain says what to do about an unknown account.
func (a *Admin) explain(account string, err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("there is no account %s; `parley user list` shows all", account)
	}
	return err
}

// tell passes a change on.
func (a *Admin) tell(ctx context.Context, c Change) error {
	if a.opts.Changed == nil {
		return nil
	}
	if err := a.opts.Changed(ctx, c); err != nil {
		return &NotifyError{err}
	}
	return nil
}
