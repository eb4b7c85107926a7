// Package ping answers XMPP Ping (XEP-0199) for the server and, to its owner,
// for an account.
//
// It keeps nothing. An account answers only its own sessions: a ping is of no
// use to others there (XEP-0199 §4.4 wants the full JID for an end-to-end
// ping, which the router delivers to the client), and an answer would tell a
// stranger that the account exists (RFC 6121 §8.5.1). Pings from the server
// to its clients are the keep-alive of the connection and live in c2s.
package ping

import (
	"context"

	"parley/internal/module"
	"parley/stanza"
)

// NS is the namespace of XMPP Ping.
const NS = "urn:xmpp:ping"

// Module answers pings.
type Module struct{}

// New returns the module.
func New() *Module { return &Module{} }

// Spec names the standard.
func (*Module) Spec() []module.Spec {
	return []module.Spec{{Number: "XEP-0199", Title: "XMPP Ping", Version: "2.0.1", Status: "complete"}}
}

// Register takes pings to the server and to accounts.
func (m *Module) Register(r *module.Registrar) {
	r.IQ(module.ToServer, module.Get, NS, "ping", m.server)
	r.IQ(module.ToAccount, module.Get, NS, "ping", m.account)
}

// XEP-0199 §4.2.
func (*Module) server(context.Context, *module.IQ) (*stanza.Element, error) { return nil, nil }

// XEP-0199 §4.2, note: the bare JID of the user, or no 'to' at all.
func (*Module) account(_ context.Context, iq *module.IQ) (*stanza.Element, error) {
	if !iq.FromOwner() {
		return nil, stanza.NewError(stanza.ServiceUnavailable, "")
	}
	return nil, nil
}
