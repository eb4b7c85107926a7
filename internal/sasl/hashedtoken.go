package sasl

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"parley/storage"
)

// The mechanisms for tokens: HT with one hash, bound to the channel or not.
// HT-SHA-256-UNIQ needs tls-unique, which TLS 1.3 does not have.
const (
	HTExporter       = "HT-SHA-256-EXPR"
	HTServerEndPoint = "HT-SHA-256-ENDP"
	HTNone           = "HT-SHA-256-NONE"
)

// hashedToken is one of them.
type hashedToken struct {
	mechanism string
	binding   string // the channel-binding type, empty for none
}

// hashedTokens are in order of strength.
var hashedTokens = []hashedToken{{HTExporter, TLSExporter}, {HTServerEndPoint, TLSServerEndPoint}, {HTNone, ""}}

func named(mechanism string) func(hashedToken) bool {
	return func(h hashedToken) bool { return h.mechanism == mechanism }
}

// TokenMechanisms returns what may be offered for tokens in st, strongest first
// (XEP-0484 §3.1): only where nobody between can read (§6).
func (s *Server) TokenMechanisms(st State) []string {
	if s.opts.Tokens.Store == nil || !st.TLS && !st.Loopback {
		return nil
	}
	var out []string
	for _, h := range hashedTokens {
		if _, ok := findBinding(st.Bindings, h.binding); ok || h.binding == "" {
			out = append(out, h.mechanism)
		}
	}
	return out
}

// StartToken begins an exchange with a mechanism of TokenMechanisms(st) for a
// client that said who it is. The error is a *Failure.
func (s *Server) StartToken(mechanism string, st State, c Client) (*TokenExchange, error) {
	switch {
	case c.ID == "": // XEP-0484 §4.1
		return nil, fail(MalformedRequest, "A token needs a <user-agent/> with an id that is a UUID.")
	case !slices.Contains(s.TokenMechanisms(st), mechanism):
		return nil, fail(InvalidMechanism, "That mechanism was not offered for tokens on this connection.")
	}
	i := slices.IndexFunc(hashedTokens, named(mechanism))
	binding, _ := findBinding(st.Bindings, hashedTokens[i].binding)
	return &TokenExchange{server: s, mechanism: mechanism, binding: binding.Data, client: c}, nil
}

// TokenExchange is HT (draft-schmaus-kitten-sasl-ht-09), the version that
// XEP-0484 names and clients speak: one message with everything in it.
type TokenExchange struct {
	server    *Server
	mechanism string
	binding   []byte // cb-data
	client    Client

	ended bool
	used  storage.Token
	outcome
}

var _ Exchange = (*TokenExchange)(nil)

// Step implements Exchange.
func (x *TokenExchange) Step(ctx context.Context, response []byte) ([]byte, bool, error) {
	if x.ended {
		return nil, false, fail(MalformedRequest, "The exchange is over.")
	}
	if response == nil { // the initiator speaks first
		return []byte{}, false, nil
	}
	x.ended = true
	username, hash, ok := strings.Cut(string(response), "\x00")
	if !ok || username == "" || !utf8.ValidString(username) || len(hash) != sha256.Size {
		return nil, false, fail(MalformedRequest, "This is no HT message.")
	}
	answer, err := x.check(ctx, username, []byte(hash))
	return answer, err == nil, err
}

// check does the same work whether or not account and token exist.
func (x *TokenExchange) check(ctx context.Context, username string, hash []byte) ([]byte, error) {
	sub, rows, err := x.lookUp(ctx, username)
	if err != nil {
		return nil, &Failure{Condition: TemporaryAuthFailure, Text: "Try again in a moment.", Err: err}
	}
	x.subject = sub
	token, matches := x.match(rows, hash)
	if err := sub.finish(matches); err != nil {
		return nil, err
	}
	if !x.used.Expires.After(time.Now()) { // XEP-0484 §4.2
		return nil, fail(CredentialsExpired, "The token has expired.")
	}
	if err := x.use(ctx); err != nil {
		return nil, err
	}
	x.username = sub.account.Local()
	return x.sum(token, "Responder"), nil
}

// lookUp finds the account, real or pretended, and the client's tokens.
func (x *TokenExchange) lookUp(ctx context.Context, username string) (subject, []storage.Token, error) {
	defer x.server.evenly(ctx, time.Now())
	account, valid := x.server.identity(username)
	name := account.String()
	if !valid {
		name = username
	}
	sub := subject{account: account, asOf: x.server.changes.Load()}
	acc, creds, err := x.server.lookUp(ctx, name)
	if err != nil {
		return sub, nil, err
	}
	sub.known, sub.disabled, sub.keys = valid && len(creds) > 0, acc.Disabled, fingerprint(creds)
	rows, err := x.server.opts.Tokens.Store.Tokens(ctx, name, x.client.ID)
	return sub, rows, err
}

// match compares with both slots (XEP-0484 §5.1), empty or not: first the new
// token, then the current one.
func (x *TokenExchange) match(rows []storage.Token, hash []byte) (token string, ok bool) {
	for _, isNew := range []bool{true, false} {
		row := storage.Token{Account: x.subject.account.String(), Client: x.client.ID, Salt: make([]byte, saltSize)}
		i := slices.IndexFunc(rows, func(t storage.Token) bool { return t.New == isNew })
		if i >= 0 {
			row = rows[i]
		}
		// XEP-0484 §3.4: a token is good for the mechanism it was asked for.
		named := i >= 0 && row.Mechanism == x.mechanism
		row.Mechanism = x.mechanism
		candidate := x.server.token(row, x.subject.keys)
		if hmac.Equal(x.sum(candidate, "Initiator"), hash) && named && !ok {
			token, ok, x.used = candidate, true, row
		}
	}
	return token, ok
}

// sum is HMAC(token, who || cb-data).
func (x *TokenExchange) sum(token, who string) []byte {
	return mac(sha256.New, []byte(token), who, string(x.binding))
}

// use books the use; a token that was taken away meanwhile is none.
func (x *TokenExchange) use(ctx context.Context) error {
	x.used.Used = time.Now().UTC()
	x.used.Address, x.used.Software, x.used.Device = x.client.Address, x.client.Software, x.client.Device
	err := x.server.opts.Tokens.Store.UseToken(ctx, x.used)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return notAuthorized()
	case err != nil:
		return &Failure{Condition: TemporaryAuthFailure, Text: "Try again in a moment.", Err: err}
	}
	return nil
}

// Claimed implements Exchange.
func (x *TokenExchange) Claimed() string { return x.subject.account.String() }

// Mechanism is the one that the token is good for.
func (x *TokenExchange) Mechanism() string { return x.mechanism }

// Due reports whether the token that was used is old enough to be replaced
// (XEP-0484 §3.5).
func (x *TokenExchange) Due() bool {
	return time.Since(x.used.Created) >= x.server.opts.Tokens.Rotate
}
