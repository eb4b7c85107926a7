package sasl

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"

	"parley/internal/jid"
	"parley/storage"
)

// outcome is what an exchange of any mechanism has found out.
type outcome struct {
	subject  subject
	username string // empty before success
	authzid  string
}

func (o *outcome) Username() string { return o.username }

func (o *outcome) Authzid() string { return o.authzid }

func (o *outcome) Keys() []byte { return o.subject.keys }

func (o *outcome) AsOf() uint64 { return o.subject.asOf }

func (o *outcome) Password() (string, bool) { return "", false }

// fingerprint changes with every key of an account, and so with its password:
// salts are random.
func fingerprint(creds []storage.Credential) []byte {
	sorted := slices.SortedFunc(slices.Values(creds), func(a, b storage.Credential) int {
		return strings.Compare(a.Mechanism, b.Mechanism)
	})
	h := sha256.New()
	for _, c := range sorted {
		h.Write([]byte(c.Mechanism + "\x00"))
		h.Write(c.Salt)
		h.Write(c.StoredKey)
	}
	return h.Sum(nil)
}

// Changed says that keys or tokens of some account were changed. It is called
// when the change is in the database and before the account's sessions are ended.
func (s *Server) Changed() { s.changes.Add(1) }

// Quiet reports whether no account has changed since an exchange looked its own
// up. Who asks after it has made a session known needs no Unchanged: a change that
// was told later finds the session. It is false if changes are not told.
func (s *Server) Quiet(asOf uint64) bool { return s.opts.Told && s.changes.Load() == asOf }

// Unchanged reports whether the account may still be used and has the keys that
// an exchange ended with. Who asks after it has made a session known, and tells
// sessions of every later change, leaves no gap for a login with the old
// password.
func (s *Server) Unchanged(ctx context.Context, account jid.JID, keys []byte) (bool, error) {
	acc, creds, err := s.lookUp(ctx, account.String())
	if err != nil {
		return false, err
	}
	return !acc.Disabled && len(creds) > 0 && bytes.Equal(fingerprint(creds), keys), nil
}

// lookUp reads the keys of an account without the delay that Store may make for
// the sake of passwords. An unknown account has none.
func (s *Server) lookUp(ctx context.Context, account string) (storage.Account, []storage.Credential, error) {
	var store Store = s.opts.Store
	if s.opts.Tokens.Store != nil {
		store = s.opts.Tokens.Store
	}
	acc, creds, err := store.Credentials(ctx, account)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.Account{}, nil, nil
	}
	return acc, creds, err
}
