package c2s

import (
	"context"
	"errors"

	"parley/internal/jid"
	"parley/internal/sasl"
	"parley/stanza"
)

// login is what a stream knows of its client's logging in.
type login struct {
	attempt
	from     jid.JID // of the stream header; zero if it had none
	failures int     // of SASL, on this stream
	proof    proof   // until a resource is bound
}

// attempt is one exchange, in one of the two profiles of SASL.
type attempt struct {
	profile   profile
	mechanism string
	exchange  sasl.Exchange // nil while none is going on
}

// profile is how the messages of an exchange are written: as in RFC 6120 §6 or
// as in XEP-0388.
type profile interface {
	challenge(data []byte) *stanza.Element
	failure(f *sasl.Failure) *stanza.Element
	// succeed is called when the exchange has.
	succeed(ctx context.Context, c *Conn, x sasl.Exchange, data []byte) error
}

// begin starts an exchange, unless too many have failed from that address.
func (c *Conn) begin(p profile, mechanism string, start func() (sasl.Exchange, error)) (started bool, err error) {
	c.attempt = attempt{profile: p, mechanism: mechanism}
	if c.refused() {
		return false, c.saslRefused()
	}
	x, err := start()
	if err != nil {
		return false, c.saslError(err, false)
	}
	c.exchange = x
	return true, nil
}

// refused reports whether too many attempts of that kind have failed from the
// client's address.
func (c *Conn) refused() bool {
	if isToken(c.mechanism) {
		return c.server.Guesses.refusesToken(c.peer.Addr)
	}
	return c.server.Guesses.refuses(c.peer.Addr)
}

func (c *Conn) saslRefused() error {
	c.authentication(resultRefused)
	c.server.hit(c.log, limitAddressFailures)
	return c.saslFailed(&sasl.Failure{
		Condition: sasl.TemporaryAuthFailure, Text: "Too many failed attempts from this address.",
	}, true)
}

// turn is sasl.State.Turn: others may be trying the same account. It ends with
// the time that the client has for logging in.
func (c *Conn) turn(ctx context.Context, account string) error {
	if t := c.server.Limits.AuthTime; t > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, c.opened.Add(t))
		defer cancel()
	}
	return c.server.Guesses.turn(ctx, c.peer.Addr, account, func(limit string) {
		c.server.hit(c.log, limit, "account", account)
	})
}

// step hands the mechanism what the client sent.
func (c *Conn) step(ctx context.Context, response []byte) error {
	x := c.exchange
	data, done, err := x.Step(ctx, response)
	switch {
	case err != nil:
		return c.saslError(err, true)
	case !done:
		return c.transport.write(c.profile.challenge(data).Append(nil, ""))
	}
	return c.profile.succeed(ctx, c, x, data)
}

func (c *Conn) abort(p profile) error {
	c.attempt = attempt{profile: p}
	return c.saslFailed(&sasl.Failure{Condition: sasl.Aborted}, false)
}

// nothingToRespondTo refuses a response outside an exchange.
func (c *Conn) nothingToRespondTo(p profile) error {
	c.attempt = attempt{profile: p}
	return c.saslFailed(&sasl.Failure{Condition: sasl.MalformedRequest, Text: "There is nothing to respond to."}, false)
}

// accountOf returns the bare JID that an exchange ended with.
func (c *Conn) accountOf(x sasl.Exchange) (jid.JID, error) {
	return jid.New(x.Username(), c.server.Domain.Domain(), "")
}

// authenticated lets the client in.
func (c *Conn) loggedIn(account jid.JID) {
	c.account = account
	c.authentication(resultSuccess, "account", account.String())
	c.server.Guesses.succeeded(c.peer.Addr, account.String(), !isToken(c.mechanism))
	c.server.addresses.authenticated(c.peer.Addr)
	c.isAuth.Store(true)
}

// saslError reports an error of the mechanism. guess says that it counts as a
// failed attempt.
func (c *Conn) saslError(err error, guess bool) error {
	var f *sasl.Failure
	if !errors.As(err, &f) {
		f = &sasl.Failure{Condition: sasl.TemporaryAuthFailure, Err: err}
	}
	claimed := ""
	if c.exchange != nil {
		claimed = c.exchange.Claimed()
	}
	if errors.Is(f, errRefused) {
		return c.saslRefused()
	}
	c.authentication(resultOf(f), "op", f.Condition, "account", claimed, "err", f)
	if guess && claimed != "" && isGuess(f) { // a malformed attempt guesses nothing
		c.wrong(claimed)
	}
	return c.saslFailed(f, false)
}

// wrong books a password or token that was not right.
func (c *Conn) wrong(account string) {
	if isToken(c.mechanism) {
		c.server.Guesses.failToken(c.peer.Addr)
		return
	}
	c.server.Guesses.fail(c.peer.Addr, account)
}

// isGuess: who has the right token guesses nothing, though it may have expired.
func isGuess(f *sasl.Failure) bool {
	return f.Condition != sasl.TemporaryAuthFailure && f.Condition != sasl.CredentialsExpired
}

// saslFailed tells the client. A stream has a limited number of attempts
// (RFC 6120 §6.4.5).
func (c *Conn) saslFailed(f *sasl.Failure, last bool) error {
	e := c.profile.failure(f)
	c.attempt = attempt{}
	c.failures++
	if err := c.transport.write(e.Append(nil, "")); err != nil {
		return err
	}
	if limit := c.server.Limits.AuthFailures; last || limit > 0 && c.failures > limit {
		c.server.hit(c.log, limitStreamFailures)
		return streamError(stanza.StreamPolicyViolation, "too many failed attempts")
	}
	return nil
}

// proof is what a client was let in for.
type proof struct {
	asOf  uint64 // see sasl.Server.Quiet
	keys  []byte
	token *sasl.TokenExchange // nil if it was no token
}

// proven ends the login of a client whose session everybody knows by now. If the
// password was changed, the account disabled or the token revoked while it was
// on its way in, that session was not there to be ended: it must go now.
func (c *Conn) proven(ctx context.Context) error {
	ok, err := c.stillGood(ctx)
	c.proof = proof{}
	switch {
	case err != nil:
		c.log.Error("login could not be confirmed", "err", err)
		return c.turnedAway(stanza.StreamInternalServerError, "")
	case !ok:
		return c.turnedAway(stanza.StreamNotAuthorized, "what you logged in with is not valid any more")
	}
	return nil
}

// stillGood asks the database only if somebody's login has changed meanwhile.
func (c *Conn) stillGood(ctx context.Context) (bool, error) {
	if c.server.SASL.Quiet(c.proof.asOf) {
		return true, nil
	}
	ok, err := c.server.SASL.Unchanged(ctx, c.account, c.proof.keys)
	if ok && err == nil && c.proof.token != nil {
		return c.server.SASL.Kept(ctx, c.proof.token)
	}
	return ok, err
}

// turnedAway takes the session away, before anything that is for the account is
// written to it, and returns the error to say.
func (c *Conn) turnedAway(condition stanza.StreamCondition, text string) error {
	c.leave(false)
	c.session.Store(nil)
	c.kept.Store(nil)
	return streamError(condition, text)
}
