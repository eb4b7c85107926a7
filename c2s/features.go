package c2s

import (
	"strings"

	"parley/internal/module"
	"parley/internal/sasl"
	"parley/internal/session"
	"parley/stanza"
)

// features lists what may be done next (RFC 6120 §4.3.2). The bytes are shared
// and must not be changed.
func (c *Conn) features() []byte {
	state := c.featureState()
	if b, ok := c.server.features.Load(state); ok {
		return b.([]byte)
	}
	b := c.makeFeatures().Bytes()
	c.server.features.Store(state, b)
	return b
}

// featureState is all that a list of features depends on, besides what does not
// change while the server runs. There are few.
type featureState struct {
	transport     string
	authenticated bool
	bound         bool
	managed       bool
	startTLS      bool
	tls, loopback bool
	canPlain      bool
	bindings      string
}

func (c *Conn) featureState() featureState {
	s := c.saslState()
	return featureState{
		transport: c.transport.traits().name, authenticated: c.isAuth.Load(),
		bound: c.phase == phaseBound, managed: c.phase == phaseBound && c.session.Load().Managed(),
		startTLS: c.maySTARTTLS(), tls: s.TLS, loopback: c.peer.Loopback, canPlain: s.Loopback,
		bindings: strings.Join(sasl.BindingTypes(s.Bindings), " "),
	}
}

func (c *Conn) makeFeatures() *stanza.Element {
	f := stanza.New(stanza.NSStream, "features")
	switch {
	case !c.isAuth.Load():
		c.addSecurity(f)
	case c.phase == phaseBound:
		c.addBound(f)
	default:
		c.addBinding(f)
	}
	state := module.StreamState{Secure: c.secure(), Authenticated: c.isAuth.Load()}
	return f.Add(c.server.Router.StreamFeatures(state)...).Add(c.streamLimits())
}

func (c *Conn) addBinding(f *stanza.Element) {
	f.Add(stanza.New(stanza.NSBind, "bind"))
	if c.transport.traits().legacySession {
		f.Add(stanza.New(stanza.NSSession, "session").Add(stanza.New(stanza.NSSession, "optional")))
	}
	f.Add(stanza.New(session.NSManagement, "sm"), stanza.New(nsClientState, "csi"))
}

// addBound: clients act on what is listed, so what was done already is not.
func (c *Conn) addBound(f *stanza.Element) {
	if !c.session.Load().Managed() {
		f.Add(stanza.New(session.NSManagement, "sm"))
	}
	f.Add(stanza.New(nsClientState, "csi"))
}

func (c *Conn) addSecurity(f *stanza.Element) {
	mechanisms := c.server.SASL.Mechanisms(c.saslState())
	if c.maySTARTTLS() {
		starttls := stanza.New(stanza.NSTLS, "starttls")
		if len(mechanisms) == 0 {
			starttls.Add(stanza.New(stanza.NSTLS, "required")) // RFC 6120 §5.4.1
		}
		f.Add(starttls)
	}
	if len(mechanisms) == 0 {
		return
	}
	f.Add(listed(stanza.New(stanza.NSSASL, "mechanisms"), mechanisms))
	if c.offersSASL2() {
		f.Add(listed(stanza.New(nsSASL2, "authentication"), mechanisms).Add(c.inline()))
	}
	f.Add(channelBindings(c.peer.Bindings))
}

// listed adds mechanisms to a list of either profile.
func listed(list *stanza.Element, mechanisms []string) *stanza.Element {
	for _, m := range mechanisms {
		list.Add(stanza.New(list.Space, "mechanism").AddText(m))
	}
	return list
}

// inline lists what can be done together with authenticating (XEP-0388 §2.1).
func (c *Conn) inline() *stanza.Element {
	return stanza.New(nsSASL2, "inline").Add(c.bind2Feature(), stanza.New(session.NSManagement, "sm"), c.fastFeature())
}

const nsChannelBinding = "urn:xmpp:sasl-cb:0" // XEP-0440

// channelBindings advertises the types that -PLUS mechanisms may use
// (XEP-0440 §3); nil if there are none.
func channelBindings(bindings []sasl.ChannelBinding) *stanza.Element {
	if len(bindings) == 0 {
		return nil
	}
	e := stanza.New(nsChannelBinding, "sasl-channel-binding")
	for _, t := range sasl.BindingTypes(bindings) {
		e.Add(stanza.New(nsChannelBinding, "channel-binding", "type", t))
	}
	return e
}
