package sasl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"parley/internal/jid"
	"parley/storage"
)

// The mechanisms, strongest first.
const (
	ScramSHA256Plus = "SCRAM-SHA-256-PLUS"
	ScramSHA1Plus   = "SCRAM-SHA-1-PLUS"
	ScramSHA256     = "SCRAM-SHA-256"
	ScramSHA1       = "SCRAM-SHA-1"
	Plain           = "PLAIN"
)

var passwordMechanisms = []string{ScramSHA256Plus, ScramSHA1Plus, ScramSHA256, ScramSHA1, Plain}

// Known reports whether a mechanism of that name is implemented, for passwords or
// for tokens.
func Known(mechanism string) bool {
	return slices.Contains(passwordMechanisms, mechanism) || slices.ContainsFunc(hashedTokens, named(mechanism))
}

// Store finds the keys of an account by its bare JID. It answers
// storage.ErrNotFound for an unknown one.
type Store interface {
	Credentials(ctx context.Context, account string) (storage.Account, []storage.Credential, error)
}

// Options of a Server; all but Tokens are needed.
type Options struct {
	Domain jid.JID
	Store  Store
	// Secret makes the salts of unknown accounts: at least 16 random bytes,
	// the same after a restart and on every node.
	Secret []byte
	// Iterations is what new keys get, so what unknown accounts seem to have.
	Iterations int
	// Tokens are the tokens of XEP-0484; a zero value offers none.
	Tokens TokenOptions
	// Told promises that Changed is called after every change of an account's
	// keys or tokens, and before its sessions are ended for that.
	Told bool
}

// Server starts exchanges. It may be used by many goroutines.
type Server struct {
	opts   Options
	derive deriver
	nonce  func() string // nil: random
	step   time.Duration // see evenly
	clock  clock

	changes atomic.Uint64 // calls of Changed

	unprotected bool // XEP-0474 is left out, for published exchanges
}

// New checks opts.
func New(opts Options) (*Server, error) {
	switch {
	case opts.Domain.IsZero() || opts.Domain.Local() != "" || !opts.Domain.IsBare():
		return nil, fmt.Errorf("sasl: %q is not a domain", opts.Domain)
	case opts.Store == nil:
		return nil, errors.New("sasl: no store")
	case len(opts.Secret) < 16:
		return nil, errors.New("sasl: the secret is shorter than 16 bytes")
	case opts.Iterations < MinIterations || opts.Iterations > MaxIterations:
		return nil, fmt.Errorf("sasl: %d iterations: want %d to %d", opts.Iterations, MinIterations, MaxIterations)
	case opts.Tokens.Store != nil && len(opts.Tokens.Secret) < 16:
		return nil, errors.New("sasl: the secret of the tokens is shorter than 16 bytes")
	}
	return &Server{opts: opts, derive: derive, step: lookUpStep}, nil
}

// State is what a connection knows when it offers mechanisms.
type State struct {
	TLS      bool // the connection is encrypted, here or at a trusted proxy
	Loopback bool // the peer is this machine
	// Cleartext lets SCRAM, not PLAIN, run over a connection that is neither.
	// Leave it false unless the operator asked for it.
	Cleartext bool
	Bindings  []ChannelBinding // see TLSBindings; empty behind a proxy
	// Turn, if there is one, is called once in an exchange that a password can be
	// guessed with, before the account is looked up, whether it exists or not. It
	// may wait; its error, a *Failure or any other, ends the exchange.
	Turn func(ctx context.Context, account string) error
}

// Mechanisms returns what may be offered in st, strongest first; nothing where
// the connection must be encrypted before (RFC 6120 §13.9).
func (s *Server) Mechanisms(st State) []string {
	safe := st.TLS || st.Loopback
	var out []string
	if st.TLS && len(st.Bindings) > 0 {
		out = append(out, ScramSHA256Plus, ScramSHA1Plus)
	}
	if safe || st.Cleartext {
		out = append(out, ScramSHA256, ScramSHA1)
	}
	if safe {
		out = append(out, Plain)
	}
	return out
}

// Exchange is one attempt to log in. It is used by one goroutine.
type Exchange interface {
	// Step takes the peer's next response, decoded from base64, and returns
	// the challenge or, when done, the additional data with success (which may
	// be empty). A nil response means that <auth/> had no initial response; an
	// empty one ("=") is not nil. The error is always a *Failure and ends the
	// exchange.
	Step(ctx context.Context, response []byte) (challenge []byte, done bool, err error)
	// Username is the prepared localpart that was authenticated: "" before done.
	Username() string
	// Claimed is the bare JID of the account that the peer says it is, known
	// or not; "" before the peer has said so. It is for counting attempts.
	Claimed() string
	// Authzid is the authorization identity that the peer gave, "" if none.
	Authzid() string
	// Keys stand for the account's keys as they were looked up in the exchange;
	// see Server.Unchanged.
	Keys() []byte
	// AsOf is when they were looked up; see Server.Quiet.
	AsOf() uint64
	// Password returns the password if the mechanism showed it and done is
	// reached, so that keys can be made anew from it.
	Password() (string, bool)
}

// Start begins an exchange with a mechanism that Mechanisms(st) offers now.
// The error is a *Failure.
func (s *Server) Start(_ context.Context, mechanism string, st State) (Exchange, error) {
	if !slices.Contains(s.Mechanisms(st), mechanism) {
		return nil, s.refuse(mechanism, st)
	}
	base, plus := strings.CutSuffix(mechanism, "-PLUS")
	switch base {
	case ScramSHA256:
		return &scramExchange{server: s, family: families[0], plus: plus, state: st}, nil
	case ScramSHA1:
		return &scramExchange{server: s, family: families[1], plus: plus, state: st}, nil
	}
	return &plainExchange{server: s, state: st}, nil
}

// refuse tells an unknown mechanism from one that needs a better connection.
func (s *Server) refuse(mechanism string, st State) *Failure {
	switch {
	case !slices.Contains(passwordMechanisms, mechanism):
		return fail(InvalidMechanism, "This server does not know that mechanism.")
	case !st.TLS && !st.Loopback:
		return fail(EncryptionRequired, "Encrypt the connection first.")
	}
	return fail(InvalidMechanism, "That mechanism was not offered on this connection.")
}
