package server

import (
	"context"
	"errors"

	"parley/internal/admin"
	"parley/internal/audit"
	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/router"
	"parley/internal/sasl"
	"parley/roster"
	"parley/stanza"
	"parley/storage"
	"parley/storage/sqlstore"
)

// accounts is what the router and the modules may do with accounts.
type accounts struct {
	store      *sqlstore.Store
	trail      *audit.Trail
	router     *router.Router
	roster     *roster.Module
	iterations int
	changed    func() // sasl.Server.Changed
}

// Exists implements router.Users.
func (a *accounts) Exists(ctx context.Context, account jid.JID) (bool, error) {
	acc, err := a.store.Account(ctx, account.String())
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil && !acc.Disabled, err
}

// Create implements register.Accounts.
func (a *accounts) Create(ctx context.Context, account jid.JID, password string) error {
	keys, err := a.keys(password)
	if err != nil {
		return err
	}
	if err := a.store.CreateAccount(ctx, account.String(), keys); err != nil {
		return err
	}
	a.trail.Record(ctx, audit.AccountCreated, account.String(), account.String())
	return nil
}

// SetPassword implements register.Accounts. The tokens, made from the old keys,
// are worth nothing from the first write on; the rest is tidying up.
func (a *accounts) SetPassword(ctx context.Context, session jid.JID, password string) error {
	keys, err := a.keys(password)
	if err != nil {
		return err
	}
	account := session.Bare()
	if err := a.store.SetCredentials(ctx, account.String(), keys); err != nil {
		return err
	}
	a.changed()
	a.trail.Record(ctx, audit.PasswordChanged, account.String(), session.String())
	a.endSessions(account, func(s module.Session) bool { return s.JID() != session })
	return admin.ForgetLogins(ctx, a.store, account.String())
}

// endSessions ends those of the account's sessions that which chooses.
func (a *accounts) endSessions(account jid.JID, which func(module.Session) bool) {
	for _, s := range a.router.Sessions(account) {
		if which(s) {
			s.End(&stanza.StreamError{Condition: stanza.StreamNotAuthorized})
		}
	}
}

// keys: a password that cannot be used is the user's to change.
func (a *accounts) keys(password string) ([]storage.Credential, error) {
	keys, err := sasl.NewKeys(password, a.iterations)
	if err != nil {
		return nil, stanza.NewError(stanza.NotAcceptable, err.Error())
	}
	return keys, nil
}

// Remove implements register.Accounts: contacts are told while the roster is
// still known (RFC 6121 §3.2, §3.3), then everything is deleted.
func (a *accounts) Remove(ctx context.Context, account jid.JID) error {
	if err := a.roster.BeforeRemoval(ctx, account); err != nil {
		return err
	}
	defer a.changed() // before its sessions are ended
	if err := a.store.DeleteAccount(ctx, account.String()); err != nil {
		return err
	}
	a.trail.Record(ctx, audit.AccountRemoved, account.String(), account.String())
	return nil
}
