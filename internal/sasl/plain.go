package sasl

import (
	"context"
	"strings"
	"unicode/utf8"
)

// plainExchange is PLAIN (RFC 4616): one message with everything in it.
type plainExchange struct {
	server   *Server
	state    State
	ended    bool
	claimed  string
	password string
	outcome
}

func (x *plainExchange) Step(ctx context.Context, response []byte) ([]byte, bool, error) {
	if x.ended {
		return nil, false, fail(MalformedRequest, "The exchange is over.")
	}
	if response == nil { // RFC 4616 §2: the client speaks first
		return []byte{}, false, nil
	}
	x.ended = true
	authzid, username, password, ok := parsePlain(response)
	if !ok {
		return nil, false, fail(MalformedRequest, "This is no PLAIN message (RFC 4616).")
	}
	sub, err := x.check(ctx, authzid, username, password)
	if err != nil {
		return nil, false, err
	}
	x.username, x.authzid, x.subject, x.password = sub.account.Local(), authzid, sub, password
	return nil, true, nil
}

// check does the same work whether or not the account exists: the lookup and
// one derivation.
func (x *plainExchange) check(ctx context.Context, authzid, username, password string) (subject, error) {
	account, _ := x.server.identity(username)
	x.claimed = account.String()
	if !authorized(authzid, account) {
		return subject{}, invalidAuthzid()
	}
	f := families[0]
	sub, err := x.server.subject(ctx, x.state, f, username)
	if err != nil {
		return subject{}, err
	}
	good, err := verify(x.server.derive, f, sub.key, password)
	if err != nil {
		return subject{}, &Failure{Condition: TemporaryAuthFailure, Err: err}
	}
	return sub, sub.finish(good)
}

func invalidAuthzid() *Failure {
	return fail(InvalidAuthzid, "The authorization identity must be empty or your own bare address.")
}

// parsePlain: message = [authzid] NUL authcid NUL passwd (RFC 4616 §2).
func parsePlain(b []byte) (authzid, authcid, password string, ok bool) {
	parts := strings.Split(string(b), "\x00")
	if len(parts) != 3 || !utf8.Valid(b) || parts[1] == "" || parts[2] == "" {
		return "", "", "", false
	}
	return parts[0], parts[1], parts[2], true
}

func (x *plainExchange) Claimed() string { return x.claimed }

func (x *plainExchange) Password() (string, bool) { return x.password, x.password != "" }
