package c2s

import (
	"context"
	"time"

	"parley/internal/session"
	"parley/stanza"
)

// authenticate handles an element before authentication: STARTTLS, SASL in both
// profiles, and the requests of XEP-0077. Stanzas are refused (RFC 6120 §4.9.3.12).
func (c *Conn) authenticate(ctx context.Context, v *stanza.View) error {
	switch space := string(v.Space); {
	case space == nsSASL2 && c.offersSASL2():
		return c.sasl2(ctx, string(v.Local), v.Tree())
	case c.inSASL2():
		return onlySASL2()
	case space == stanza.NSTLS && string(v.Local) == "starttls":
		return c.startTLS()
	case space == stanza.NSSASL:
		return c.sasl(ctx, string(v.Local), v.Tree())
	case space == session.NSManagement: // XEP-0198 §3: not before authentication
		return c.transport.write(smFailed(stanza.UnexpectedRequest).Append(nil, ""))
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
	c.phase, c.replied = phaseOpening, false
	c.attempt = attempt{}
}
