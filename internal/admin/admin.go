// Package admin holds the operator's actions: making, listing, locking and
// removing accounts, passwords, invitations, and the two demo users of a first
// local run. The command line uses them now; HTTP and ad-hoc commands can later.
//
// An action writes to the database. When a server runs on it in another
// process, Notify tells it what changed: a running server keeps admin.json in
// its data folder (Announce) with the address of its admin listener, where
// Handler takes the news.
package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"parley/internal/jid"
	"parley/internal/sasl"
	"parley/storage"
)

// Store keeps accounts.
type Store interface {
	CreateAccount(ctx context.Context, jid string, creds []storage.Credential) error
	SetCredentials(ctx context.Context, jid string, creds []storage.Credential) error
	Credentials(ctx context.Context, jid string) (storage.Account, []storage.Credential, error)
	SetDisabled(ctx context.Context, jid string, disabled bool) error
	DeleteAccount(ctx context.Context, jid string) error
	Accounts(ctx context.Context, domain, after string, limit int) ([]storage.Account, error)
	CreateInvite(ctx context.Context, i storage.Invite) error
	Tokens(ctx context.Context, account, client string) ([]storage.Token, error)
	Archives
	Ties
	Logins
	Reports
}

// Options of an Admin.
type Options struct {
	Domain     string
	Iterations int    // of new keys, see sasl.NewKeys
	DataDir    string // where DemoFile is; "": there are no demo users
	// Changed is told after a change was written; nil: nobody is. The account
	// stays changed when it fails; the action then returns a *NotifyError.
	Changed func(ctx context.Context, c Change) error
}

// Admin acts for the operator.
type Admin struct {
	store Store
	opts  Options
}

// New returns an Admin over store.
func New(store Store, opts Options) *Admin { return &Admin{store: store, opts: opts} }

// NotifyError says that an action was done but a running server does not know.
type NotifyError struct{ Err error }

// Error describes it.
func (e *NotifyError) Error() string {
	return "done, but the running server could not be told: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *NotifyError) Unwrap() error { return e.Err }

// Address prepares what the operator typed: a bare JID of this server's
// domain, or a localpart alone.
func (a *Admin) Address(s string) (string, error) {
	j, err := jid.Parse(s)
	if err == nil && j.Local() == "" && j.IsBare() { // "alice" reads as a domain
		j, err = jid.New(s, a.opts.Domain, "")
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("%q is no address of an account; write name@%s", s, a.opts.Domain)
	case !j.IsBare() || j.Local() == "":
		return "", fmt.Errorf("%q is not the bare address of an account; write name@%s", s, a.opts.Domain)
	case j.Domain() != a.opts.Domain:
		return "", fmt.Errorf("%q is not of this server's domain %s; set PARLEY_DOMAIN or write another address", s, a.opts.Domain)
	}
	return j.String(), nil
}

// AddUser makes an account and returns its prepared address. A demo user that
// still has the password it was made with is nobody's: it becomes the new user.
func (a *Admin) AddUser(ctx context.Context, address, password string) (string, error) {
	account, creds, err := a.keys(address, password)
	if err != nil {
		return "", err
	}
	err = a.store.CreateAccount(ctx, account, creds)
	if errors.Is(err, storage.ErrConflict) {
		unclaimed, err := a.unclaimedDemo(ctx, account)
		switch {
		case err != nil:
			return account, err
		case unclaimed:
			return account, a.change(ctx, Change{JID: account, What: PasswordChanged}, a.store.SetCredentials(ctx, account, creds))
		}
		return account, fmt.Errorf("%s exists already; change its password with `parley user passwd`", account)
	}
	return account, err
}

func (a *Admin) unclaimedDemo(ctx context.Context, account string) (bool, error) {
	if a.opts.DataDir == "" {
		return false, nil
	}
	users, err := validDemo(ctx, a.store, filepath.Join(a.opts.DataDir, DemoFile))
	return slices.ContainsFunc(users, func(u DemoUser) bool { return u.JID == account }), err
}

// SetPassword gives an account a new password and ends its sessions.
func (a *Admin) SetPassword(ctx context.Context, address, password string) (string, error) {
	account, creds, err := a.keys(address, password)
	if err != nil {
		return "", err
	}
	return account, a.change(ctx, Change{JID: account, What: PasswordChanged}, a.store.SetCredentials(ctx, account, creds))
}

func (a *Admin) keys(address, password string) (string, []storage.Credential, error) {
	account, err := a.Address(address)
	if err != nil {
		return "", nil, err
	}
	creds, err := sasl.NewKeys(password, a.opts.Iterations)
	return account, creds, err
}

// DisableUser locks an account out and ends its sessions.
func (a *Admin) DisableUser(ctx context.Context, address string) (string, error) {
	return a.setDisabled(ctx, address, true, Disabled)
}

// EnableUser lets a disabled account in again.
func (a *Admin) EnableUser(ctx context.Context, address string) (string, error) {
	return a.setDisabled(ctx, address, false, Enabled)
}

func (a *Admin) setDisabled(ctx context.Context, address string, disabled bool, what What) (string, error) {
	account, err := a.Address(address)
	if err != nil {
		return "", err
	}
	return account, a.change(ctx, Change{JID: account, What: what}, a.store.SetDisabled(ctx, account, disabled))
}

// change follows up what was written and tells of it, or explains why it was
// not written.
func (a *Admin) change(ctx context.Context, c Change, err error) error {
	if err == nil && c.EndsSessions() {
		err = ForgetLogins(ctx, a.store, c.JID)
	}
	if err != nil {
		return a.explain(c.JID, err)
	}
	return a.tell(ctx, c)
}

// page is how many accounts are read at once.
const page = 500

// ListUsers calls each for every account of the domain, ordered by address.
func (a *Admin) ListUsers(ctx context.Context, each func(storage.Account) error) error {
	after := ""
	for {
		accounts, err := a.store.Accounts(ctx, a.opts.Domain, after, page)
		if err != nil {
			return err
		}
		for _, acc := range accounts {
			if err := each(acc); err != nil {
				return err
			}
			after = acc.JID
		}
		if len(accounts) < page {
			return nil
		}
	}
}

// CreateInvite makes an invitation that lets one account be registered.
func (a *Admin) CreateInvite(ctx context.Context, now time.Time, valid time.Duration) (storage.Invite, error) {
	i := storage.Invite{Token: rand.Text(), Created: now.UTC(), Expires: now.Add(valid).UTC()}
	return i, a.store.CreateInvite(ctx, i)
}
