// Package entitytime answers Entity Time (XEP-0202) for the server.
//
// The answer is always in UTC with offset Z: the zone of the machine is of no
// use to a client and would tell where it stands (XEP-0202 §6).
package entitytime

import (
	"context"
	"time"

	"parley/internal/module"
	"parley/stanza"
)

// NS is the namespace of Entity Time.
const NS = "urn:xmpp:time"

// Module answers time requests.
type Module struct{}

// New returns the module.
func New() *Module { return &Module{} }

// Spec names the standard.
func (*Module) Spec() []module.Spec {
	return []module.Spec{{Number: "XEP-0202", Title: "Entity Time", Version: "2.0", Status: "complete"}}
}

// Register takes time requests to the server.
func (m *Module) Register(r *module.Registrar) {
	r.IQ(module.ToServer, module.Get, NS, "time", m.get)
}

// XEP-0202 §2; the format is the dateTime profile of XEP-0082 §3.2.
func (*Module) get(context.Context, *module.IQ) (*stanza.Element, error) {
	return stanza.New(NS, "time").Add(
		stanza.New(NS, "tzo").AddText("Z"),
		stanza.New(NS, "utc").AddText(time.Now().UTC().Format("2006-01-02T15:04:05Z")),
	), nil
}
