package sasl

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/internal/jid"
	"parley/storage"
)

// TokenStore keeps the tokens of XEP-0484: not themselves, but what they are
// made from, besides the server's secret.
type TokenStore interface {
	Store
	// Tokens returns those of one client, or all of the account for "".
	Tokens(ctx context.Context, account, client string) ([]storage.Token, error)
	// PutToken replaces the token in the same slot (New).
	PutToken(ctx context.Context, t storage.Token) error
	// UseToken makes t the client's current token and removes the older one;
	// storage.ErrNotFound if t is gone.
	UseToken(ctx context.Context, t storage.Token) error
	// DeleteTokens removes those of one client, or all of the account for "".
	DeleteTokens(ctx context.Context, account, client string) (int, error)
}

// TokenOptions configure tokens.
type TokenOptions struct {
	Store TokenStore // nil: there are none
	// Secret is what all tokens are made from: at least 16 random bytes, the
	// same after a restart and on every node.
	Secret   []byte
	Lifetime time.Duration
	// Rotate is the age from which a token that was used is replaced by a new one.
	Rotate time.Duration
	// Max is how many clients of one account have tokens; who has not been here
	// for longest loses its own. 0: no limit.
	Max int
}

// Client is an installation of a client program (XEP-0388 §2.3), which a token
// belongs to.
type Client struct {
	ID               string // a UUID; empty if it did not say
	Software, Device string // what it says of itself
	Address          string // where it comes from
}

// token makes the token itself. It dies with the account's keys: a new password
// ends all tokens at once, without a moment at which both are good.
func (s *Server) token(t storage.Token, keys []byte) string {
	parts := strings.Join([]string{t.Account, t.Client, t.Mechanism, ""}, "\x00")
	sum := mac(sha256.New, s.opts.Tokens.Secret, parts, string(t.Salt), string(keys))
	return base64.RawURLEncoding.EncodeToString(sum)
}

// NewToken makes a token with which client may log in to the account by
// mechanism (XEP-0484 §3.3), and remembers it in the slot for new ones. keys are
// Exchange.Keys of the login that it is made in. ok is false if there are no
// tokens for such a client or mechanism.
func (s *Server) NewToken(ctx context.Context, account jid.JID, c Client, mechanism string, keys []byte) (token string, expires time.Time, ok bool, err error) {
	if s.opts.Tokens.Store == nil || c.ID == "" || !slices.ContainsFunc(hashedTokens, named(mechanism)) {
		return "", time.Time{}, false, nil
	}
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails (crypto/rand)
	now := time.Now().UTC().Truncate(time.Second)
	t := storage.Token{
		Account: account.String(), Client: c.ID, New: true, Mechanism: mechanism, Salt: salt,
		Created: now, Expires: now.Add(s.opts.Tokens.Lifetime), Software: c.Software, Device: c.Device,
	}
	if err := s.opts.Tokens.Store.PutToken(ctx, t); err != nil {
		return "", time.Time{}, false, fmt.Errorf("sasl: new token: %w", err)
	}
	return s.token(t, keys), t.Expires, true, s.limitTokens(ctx, t)
}

// limitTokens takes away the tokens of clients that are too many, and those that
// have expired. The client of newest keeps its own.
func (s *Server) limitTokens(ctx context.Context, newest storage.Token) error {
	all, err := s.opts.Tokens.Store.Tokens(ctx, newest.Account, "")
	if err != nil {
		return fmt.Errorf("sasl: tokens: %w", err)
	}
	for _, client := range surplus(all, newest, s.opts.Tokens.Max) {
		if _, err := s.opts.Tokens.Store.DeleteTokens(ctx, newest.Account, client); err != nil {
			return fmt.Errorf("sasl: old tokens: %w", err)
		}
		s.Changed()
	}
	return nil
}

// surplus returns the clients that must go, so that no more than limit stay.
func surplus(all []storage.Token, newest storage.Token, limit int) (out []string) {
	seen, valid := map[string]time.Time{}, map[string]bool{}
	for _, t := range all {
		for _, at := range []time.Time{t.Created, t.Used} {
			if at.After(seen[t.Client]) {
				seen[t.Client] = at
			}
		}
		valid[t.Client] = valid[t.Client] || t.Expires.After(newest.Created)
	}
	var clients []string
	for c := range seen {
		switch {
		case c == newest.Client:
		case !valid[c]:
			out = append(out, c)
		default:
			clients = append(clients, c)
		}
	}
	slices.SortFunc(clients, func(a, b string) int { return seen[b].Compare(seen[a]) })
	if limit > 0 && len(clients) > limit-1 {
		out = append(out, clients[limit-1:]...)
	}
	return out
}

// Forget removes the client's tokens (XEP-0484 §3.6).
func (s *Server) Forget(ctx context.Context, account jid.JID, client string) error {
	_, err := s.opts.Tokens.Store.DeleteTokens(ctx, account.String(), client)
	if err != nil {
		return fmt.Errorf("sasl: forget tokens: %w", err)
	}
	s.Changed()
	return nil
}

// Kept reports whether the token that x was authenticated with is still there;
// see Unchanged.
func (s *Server) Kept(ctx context.Context, x *TokenExchange) (bool, error) {
	rows, err := s.opts.Tokens.Store.Tokens(ctx, x.used.Account, x.used.Client)
	if err != nil {
		return false, fmt.Errorf("sasl: tokens: %w", err)
	}
	return slices.ContainsFunc(rows, func(t storage.Token) bool { return hmac.Equal(t.Salt, x.used.Salt) }), nil
}
