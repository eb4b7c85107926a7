package c2s

import (
	"context"
	"time"

	"parley/internal/jid"
	"parley/internal/sasl"
	"parley/stanza"
)

const nsFAST = "urn:xmpp:fast:0" // XEP-0484

// fastFeature lists the mechanisms for tokens (XEP-0484 §3.1), nil if there are
// none. TLS 1.3 early data is never read, so 'tls-0rtt' is left out and 'count'
// proves nothing here.
func (c *Conn) fastFeature() *stanza.Element {
	mechanisms := c.server.SASL.TokenMechanisms(c.saslState())
	if len(mechanisms) == 0 {
		return nil
	}
	e := stanza.New(nsFAST, "fast")
	for _, m := range mechanisms {
		e.Add(stanza.New(nsFAST, "mechanism").AddText(m))
	}
	return e
}

// invalidate takes the token away that the client came with, if it wants that
// (§3.6).
func (c *Conn) invalidate(ctx context.Context, r *request, x sasl.Exchange, account jid.JID) error {
	if !r.invalidates(x) {
		return nil
	}
	return c.server.SASL.Forget(ctx, account, r.client.ID)
}

func (r *request) invalidates(x sasl.Exchange) bool {
	_, ok := x.(*sasl.TokenExchange)
	v := r.fast.Attr("invalidate")
	return ok && (v == "true" || v == "1")
}

func (r *request) proof(x sasl.Exchange) proof {
	p := proof{asOf: x.AsOf(), keys: x.Keys()}
	if t, ok := x.(*sasl.TokenExchange); ok && !r.invalidates(x) {
		p.token = t
	}
	return p
}

// giveToken returns the <token/> that the client asked for, or the one that
// replaces the old one it came with, or nil. A client that cannot get one can
// still use its session.
func (c *Conn) giveToken(ctx context.Context, r *request, x sasl.Exchange) *stanza.Element {
	mechanism := r.tokenMechanism(x)
	if mechanism == "" {
		return nil
	}
	token, expires, ok, err := c.server.SASL.NewToken(ctx, c.account, r.client, mechanism, x.Keys())
	if err != nil {
		c.log.Error("tokens not stored or not tidied", "err", err)
	}
	if !ok {
		return nil
	}
	return stanza.New(nsFAST, "token", "expiry", expires.Format(time.RFC3339), "token", token)
}

// tokenMechanism is what a token is to be made for, empty if none is.
func (r *request) tokenMechanism(x sasl.Exchange) string {
	used, ok := x.(*sasl.TokenExchange)
	if r.wants == "" && ok && used.Due() && !r.invalidates(x) { // §3.5
		return used.Mechanism()
	}
	return r.wants
}
