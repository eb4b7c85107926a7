package c2s

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"parley/internal/jid"
	"parley/internal/sasl"
	"parley/stanza"
)

// authenticate handles an element before authentication: STARTTLS, SASL, and
// the requests of XEP-0077. Stanzas are refused (RFC 6120 §4.9.3.12).
func (c *Conn) authenticate(ctx context.Context, v *stanza.View) error {
	switch space := string(v.Space); {
	case space == stanza.NSTLS && string(v.Local) == "starttls":
		return c.startTLS()
	case space == stanza.NSSASL:
		return c.sasl(ctx, string(v.Local), v.Tree())
	case v.Kind == stanza.IQ && c.server.Registration != nil && len(v.Children) > 0:
		return c.register(ctx, v.Tree())
	case v.Kind != stanza.Other:
		return streamError(stanza.StreamNotAuthorized, "authenticate first")
	}
	return streamError(stanza.StreamUnsupportedStanzaType, "not understood before authentication")
}

func (c *Conn) register(ctx context.Context, iq *stanza.Element) error {
	if c.registrant == nil {
		c.registrant = c.server.Registration(c.peer.Addr.String())
	}
	answer := c.registrant.Handle(ctx, iq, c.secure())
	if answer == nil {
		return streamError(stanza.StreamNotAuthorized, "authenticate first")
	}
	return c.transport.write(answer.Append(nil, ""))
}

// startTLS: RFC 6120 §5.4. What was sent after <starttls/> without waiting for
// <proceed/> was sent in the clear and may be anybody's: the transport refuses it.
func (c *Conn) startTLS() error {
	if !c.maySTARTTLS() {
		_ = c.transport.write(stanza.New(stanza.NSTLS, "failure").Append(nil, ""))
		return errEndOfStream // §5.4.2.2
	}
	deadline := c.opened.Add(c.server.Limits.AuthTime)
	if c.server.Limits.AuthTime == 0 {
		deadline = time.Now().Add(tlsTime)
	}
	bindings, err := c.transport.startTLS(c.server.TLS, deadline)
	if err != nil {
		return err
	}
	c.peer.Secure, c.peer.Bindings = true, bindings
	c.restart()
	return nil
}

const tlsTime = 30 * time.Second // for a handshake where authentication has no limit

// restart: the stream begins anew (RFC 6120 §4.3.3).
func (c *Conn) restart() {
	c.transport.restart()
	c.phase, c.replied, c.exchange = phaseOpening, false, nil
}

// sasl: RFC 6120 §6.4.
func (c *Conn) sasl(ctx context.Context, name string, e *stanza.Element) error {
	switch name {
	case "auth":
		return c.saslAuth(ctx, e)
	case "response":
		return c.saslResponse(ctx, e)
	case "abort":
		c.exchange = nil
		return c.saslFailed(ctx, &sasl.Failure{Condition: sasl.Aborted}, false)
	}
	return streamError(stanza.StreamUnsupportedStanzaType, "not an element of SASL")
}

func (c *Conn) saslAuth(ctx context.Context, e *stanza.Element) error {
	if c.server.Guesses.refuses(c.peer.Addr) {
		return c.saslFailed(ctx, &sasl.Failure{
			Condition: sasl.TemporaryAuthFailure, Text: "Too many failed attempts from this address.",
		}, true)
	}
	x, err := c.server.SASL.Start(ctx, e.Attr("mechanism"), c.saslState())
	if err != nil {
		return c.saslError(ctx, err, false)
	}
	c.exchange = x
	text := e.Text()
	if text == "" {
		return c.saslStep(ctx, nil)
	}
	return c.saslDecode(ctx, text)
}

func (c *Conn) saslResponse(ctx context.Context, e *stanza.Element) error {
	if c.exchange == nil {
		return c.saslFailed(ctx, &sasl.Failure{Condition: sasl.MalformedRequest, Text: "There is nothing to respond to."}, false)
	}
	return c.saslDecode(ctx, e.Text())
}

// saslDecode: RFC 6120 §6.4.2 ("=" is an empty response).
func (c *Conn) saslDecode(ctx context.Context, text string) error {
	if text == "=" {
		text = ""
	}
	response, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return c.saslFailed(ctx, &sasl.Failure{Condition: sasl.IncorrectEncoding, Text: "not base64"}, false)
	}
	if response == nil {
		response = []byte{}
	}
	return c.saslStep(ctx, response)
}

func (c *Conn) saslStep(ctx context.Context, response []byte) error {
	x := c.exchange
	challenge, done, err := x.Step(ctx, response)
	switch {
	case err != nil:
		return c.saslError(ctx, err, true)
	case !done:
		return c.transport.write(saslElement("challenge", challenge, false))
	}
	return c.saslSuccess(x, challenge)
}

func (c *Conn) saslSuccess(x sasl.Exchange, data []byte) error {
	account, err := jid.New(x.Username(), c.server.Domain.Domain(), "")
	if err != nil {
		return err
	}
	c.account = account
	c.log = c.log.With("jid", account.String())
	c.log.Info("authenticated")
	c.server.addresses.authenticated(c.peer.Addr)
	c.isAuth.Store(true)
	if err := c.transport.write(saslElement("success", data, true)); err != nil {
		return err
	}
	c.restart()
	c.limit(c.server.Limits.AfterAuth)
	c.transport.authenticated()
	return nil
}

// saslElement writes base64 data; with success, no data leaves the element
// empty (RFC 6120 §6.4.6), while an empty challenge is "=" by the same rule as
// for responses.
func saslElement(name string, data []byte, success bool) []byte {
	e := stanza.New(stanza.NSSASL, name)
	switch {
	case len(data) > 0:
		e.AddText(base64.StdEncoding.EncodeToString(data))
	case !success:
		e.AddText("=")
	}
	return e.Append(nil, "")
}

// saslError reports an error of the mechanism. guess says that it counts as a
// failed attempt.
func (c *Conn) saslError(ctx context.Context, err error, guess bool) error {
	var f *sasl.Failure
	if !errors.As(err, &f) {
		f = &sasl.Failure{Condition: sasl.TemporaryAuthFailure, Err: err}
	}
	claimed := ""
	if c.exchange != nil {
		claimed = c.exchange.Claimed()
	}
	c.log.Info("authentication failed", "op", f.Condition, "err", f, "claimed", claimed)
	if guess && claimed != "" && f.Condition != sasl.TemporaryAuthFailure {
		c.server.Guesses.fail(c.peer.Addr, claimed) // a malformed attempt guesses nothing
	}
	return c.saslFailed(ctx, f, false)
}

// saslFailed tells the client. A stream has a limited number of attempts
// (RFC 6120 §6.4.5).
func (c *Conn) saslFailed(_ context.Context, f *sasl.Failure, last bool) error {
	c.exchange = nil
	c.failures++
	e := stanza.New(stanza.NSSASL, "failure").Add(stanza.New(stanza.NSSASL, f.Condition))
	if f.Text != "" {
		e.Add(stanza.New(stanza.NSSASL, "text", "xml:lang", "en").AddText(f.Text))
	}
	if err := c.transport.write(e.Append(nil, "")); err != nil {
		return err
	}
	if limit := c.server.Limits.AuthFailures; last || limit > 0 && c.failures > limit {
		return streamError(stanza.StreamPolicyViolation, "too many failed attempts")
	}
	return nil
}
