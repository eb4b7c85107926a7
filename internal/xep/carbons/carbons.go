package carbons

import (
	"context"

	"parley/internal/module"
	"parley/stanza"
)

// Namespaces that are announced.
const (
	NS      = "urn:xmpp:carbons:2"
	NSRules = "urn:xmpp:carbons:rules:0" // XEP-0280 §6.2: all rules of §6.1
)

// Module copies messages.
type Module struct {
	host    module.Host
	enabled module.SessionValue[bool]
	recent  module.SessionValue[*recent]
}

// New returns the module.
func New() *Module {
	return &Module{enabled: module.NewSessionValue[bool](), recent: module.NewSessionValue[*recent]()}
}

// Spec names the standard.
func (*Module) Spec() []module.Spec {
	return []module.Spec{{Number: "XEP-0280", Title: "Message Carbons", Version: "1.0.1", Status: "complete"}}
}

// Register takes part in the server.
func (m *Module) Register(r *module.Registrar) {
	m.host = r.Host()
	r.IQ(module.ToAccount, module.Set, NS, "enable", m.set(true))
	r.IQ(module.ToAccount, module.Set, NS, "disable", m.set(false))
	r.Inline(NS, m.inline)
	r.Save(module.SaveFlag(NS, m.enabled))
	r.Feature(module.ToServer, NS, NSRules)
	r.Feature(module.ToAccount, NSRules)
	r.Hooks.MessageFromClient.Add(module.StageRewrite, m.strip)
	r.Hooks.MessageToAccount.Add(module.StageRewrite, m.strip)
	r.Hooks.MessageFromClient.Add(module.StageCopy, m.sent)
	r.Hooks.MessageCopy.Add(module.StageCopy, m.received)
}

// set enables or disables carbons (XEP-0280 §4, §5), any number of times (§10.1).
func (m *Module) set(on bool) module.IQHandler {
	return func(_ context.Context, iq *module.IQ) (*stanza.Element, error) {
		if !iq.FromOwner() {
			return nil, stanza.NewError(stanza.NotAllowed, "") // §4.1, §5.1
		}
		m.enabled.Set(iq.Session, on)
		return nil, nil
	}
}

// inline enables carbons together with the resource (XEP-0386 §4).
func (m *Module) inline(_ context.Context, s module.Session, request *stanza.Element) *stanza.Element {
	if request != nil && request.Is(NS, "enable") {
		m.enabled.Set(s, true)
	}
	return nil
}

// Enabled reports whether the session gets copies.
func (m *Module) Enabled(s module.Session) bool { return m.enabled.Get(s) }

var _ module.Module = (*Module)(nil)
