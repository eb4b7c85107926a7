package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/storage"
)

// Logins are what lets clients come back without the password.
type Logins interface {
	DeleteTokens(ctx context.Context, account, client string) (n int, err error)
	DeleteStreams(ctx context.Context, account string) error
}

// ForgetLogins takes them away, after the password was changed or the account
// disabled.
func ForgetLogins(ctx context.Context, store Logins, account string) error {
	_, err := store.DeleteTokens(ctx, account, "")
	return errors.Join(err, store.DeleteStreams(ctx, account))
}

// TokenClient is a client that can log in with a token (XEP-0484).
type TokenClient struct {
	ID               string
	Software, Device string
	Since, Expires   time.Time // of its newest token
	Used             time.Time // the last time; zero if never
	Address          string    // from where
}

// ListTokens returns the clients of an account that have a token which is still
// good, and the account's prepared address.
func (a *Admin) ListTokens(ctx context.Context, address string, now time.Time) (string, []TokenClient, error) {
	account, err := a.Address(address)
	if err != nil {
		return "", nil, err
	}
	if _, err := a.store.Account(ctx, account); err != nil {
		return account, nil, a.explain(account, err)
	}
	tokens, err := a.store.Tokens(ctx, account, "")
	return account, tokenClients(tokens, now), err
}

// tokenClients makes one of a client's two tokens.
func tokenClients(tokens []storage.Token, now time.Time) (out []TokenClient) {
	for _, t := range tokens {
		if !t.Expires.After(now) {
			continue
		}
		i := slices.IndexFunc(out, func(c TokenClient) bool { return c.ID == t.Client })
		if i < 0 {
			i, out = len(out), append(out, TokenClient{ID: t.Client})
		}
		out[i].add(t)
	}
	return out
}

func (c *TokenClient) add(t storage.Token) {
	if !t.Created.Before(c.Since) {
		c.Since, c.Expires, c.Software, c.Device = t.Created, t.Expires, t.Software, t.Device
	}
	if t.Used.After(c.Used) {
		c.Used, c.Address = t.Used, t.Address
	}
}

// RevokeTokens takes the tokens of one client of an account, or of all for "",
// and ends the sessions of whom it takes them from.
func (a *Admin) RevokeTokens(ctx context.Context, address, client string) (account string, n int, err error) {
	account, clients, err := a.ListTokens(ctx, address, time.Time{})
	if err != nil {
		return account, 0, err
	}
	if client != "" && !slices.ContainsFunc(clients, func(c TokenClient) bool { return c.ID == client }) {
		return account, 0, fmt.Errorf("%s has no token of a client %s; `parley token list %s` shows all", account, client, account)
	}
	if _, err := a.store.DeleteTokens(ctx, account, client); err != nil {
		return account, 0, err
	}
	if n = len(clients); client != "" {
		n = 1
	}
	return account, n, a.tell(ctx, Change{JID: account, What: TokensRevoked, Client: client})
}
