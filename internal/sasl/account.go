package sasl

import (
	"context"
	"errors"
	"strings"
	"time"

	"parley/internal/jid"
	"parley/storage"
)

// identity maps a user name as the client sent it to an account of this
// domain. ok is false for what no account can be called; such a name is
// treated as an unknown account.
func (s *Server) identity(username string) (account jid.JID, ok bool) {
	// RFC 5802 §5.1 prepares the name with SASLprep; what is newer than its
	// Unicode 3.2 is left to the JID rules (RFC 7622 §3.3), which decide anyway.
	if p, err := saslprep(username); err == nil {
		username = p
	}
	if !strings.ContainsRune(username, '@') {
		account, err := jid.New(username, s.opts.Domain.String(), "")
		return account, err == nil && username != ""
	}
	// A full bare JID is what some clients send; no localpart has an '@'.
	account, err := jid.Parse(username)
	if err != nil || !account.IsBare() || account.Local() == "" || account.Domain() != s.opts.Domain.String() {
		return jid.JID{}, false
	}
	return account, true
}

// authorized: the authorization identity is none or the account's own bare
// JID, in every mechanism. Nobody acts as somebody else here (RFC 6120 §6.3.8).
func authorized(authzid string, account jid.JID) bool {
	if authzid == "" {
		return true
	}
	j, err := jid.Parse(authzid)
	return err == nil && !account.IsZero() && j == account
}

// subject is the account that an exchange is about, real or pretended.
type subject struct {
	account  jid.JID
	known    bool // the account exists and has a key of this family
	disabled bool
	key      storage.Credential
	keys     []byte // fingerprint of all that is stored; nil if unknown
	asOf     uint64 // Server.changes before it was looked up
}

// subject looks username up. For an unknown one it returns a key that looks
// and costs like a real one, and stays the same from try to try.
func (s *Server) subject(ctx context.Context, st State, f family, username string) (subject, error) {
	account, valid := s.identity(username)
	name := account.String()
	if !valid {
		name = username
	}
	if err := st.turn(ctx, name); err != nil {
		return subject{account: account}, err
	}
	defer s.evenly(ctx, time.Now())
	// Made in any case, so that known and unknown accounts cost the same.
	out := subject{account: account, key: s.pretend(f, name), asOf: s.changes.Load()}
	acc, creds, err := s.opts.Store.Credentials(ctx, name)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return out, nil
	case err != nil:
		return subject{}, &Failure{Condition: TemporaryAuthFailure, Text: "Try again in a moment.", Err: err}
	}
	if key, ok := f.find(creds); ok && valid {
		out.known, out.disabled, out.key, out.keys = true, acc.Disabled, key, fingerprint(creds)
	}
	return out, nil
}

// turn waits until the account's password may be tried.
func (st State) turn(ctx context.Context, account string) error {
	if st.Turn == nil {
		return nil
	}
	err := st.Turn(ctx, account)
	if _, ok := errors.AsType[*Failure](err); ok || err == nil {
		return err
	}
	return &Failure{Condition: TemporaryAuthFailure, Text: "Try again in a moment.", Err: err}
}

// pretend makes the key of an account that does not exist.
func (s *Server) pretend(f family, name string) storage.Credential {
	return storage.Credential{
		Mechanism:  f.keyed,
		Salt:       s.pseudorandom("salt", f, name, saltSize),
		Iterations: s.opts.Iterations,
		StoredKey:  s.pseudorandom("stored", f, name, f.size),
		ServerKey:  s.pseudorandom("server", f, name, f.size),
	}
}

// pseudorandom returns the first n (at most 32) bytes of an HMAC over what it
// is given; NUL cannot occur in a name.
func (s *Server) pseudorandom(use string, f family, name string, n int) []byte {
	return mac(families[0].hash, s.opts.Secret, use, "\x00", f.keyed, "\x00", name)[:n]
}

// finish turns the outcome of a comparison into the outcome of the exchange. A
// disabled account shows only to who knows its password.
func (sub subject) finish(matches bool) error {
	switch {
	case !matches || !sub.known:
		return notAuthorized()
	case sub.disabled:
		return fail(AccountDisabled, "This account has been disabled.")
	}
	return nil
}
