package c2s

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/sasl"
	"parley/internal/session"
	"parley/stanza"
)

// open answers a stream header with ours and the features (RFC 6120 §4.3).
func (c *Conn) open(h *stanza.Header) error {
	if c.phase != phaseOpening {
		return streamError(stanza.StreamBadFormat, "the stream is open already")
	}
	if err := c.checkHeader(h); err != nil {
		return err
	}
	if h.Lang != "" && len(h.Lang) <= maxLang {
		c.lang, c.clientLang = h.Lang, h.Lang
	}
	from, _ := jid.Parse(h.From) // one that is no address is none
	c.from = from.Bare()
	if err := c.reply(h); err != nil {
		return err
	}
	c.phase = phaseAuthenticating
	if c.isAuth.Load() {
		c.phase = phaseBinding
	}
	return c.transport.write(c.features().Bytes())
}

const maxLang = 35 // bytes; the longest tags that RFC 5646 §4.4.1 foresees

func (c *Conn) checkHeader(h *stanza.Header) error {
	switch {
	case h.To == "":
		return streamError(stanza.StreamImproperAddressing, "'to' is missing") // RFC 6120 §4.7.2
	case h.DefaultNS != "" && h.DefaultNS != stanza.NSClient:
		return streamError(stanza.StreamInvalidNamespace, "this port is for "+stanza.NSClient) // §4.8.2
	case !version1(h.Version):
		return streamError(stanza.StreamUnsupportedVersion, "version 1.0 is needed") // §4.7.5
	}
	// The host is the same on every restart: there is only one.
	to, err := jid.Parse(h.To)
	if err != nil || to != c.server.Domain {
		return streamError(stanza.StreamHostUnknown, "this server does not serve that domain")
	}
	from, err := jid.Parse(h.From)
	if err == nil && from.Domain() != to.Domain() && c.offersSASL2() { // XEP-0388 §2.1, RFC 6120 §4.9.3.9
		return streamError(stanza.StreamInvalidFrom, "'from' is of another domain")
	}
	return nil
}

// version1 reports whether v is "1.x" or later; its major number counts
// (RFC 6120 §4.7.5).
func version1(v string) bool {
	major, minor, ok := strings.Cut(v, ".")
	return ok && isNumber(major) && isNumber(minor) && strings.Trim(major, "0") != ""
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// reply sends our stream header. 'to' is given back only if it is an address.
func (c *Conn) reply(h *stanza.Header) error {
	r := openReply{from: c.server.Domain.String(), id: randomID(), lang: c.lang}
	if from, err := jid.Parse(h.From); err == nil {
		r.to = from.String()
	}
	c.replied = true
	return c.transport.writeOpen(r)
}

// randomID returns 128 random bits: a stream id must not be guessed (RFC 6120
// §4.7.3).
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// features lists what may be done next (RFC 6120 §4.3.2).
func (c *Conn) features() *stanza.Element {
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

func (c *Conn) maySTARTTLS() bool {
	return c.transport.traits().canStartTLS && !c.peer.Secure && c.server.TLS != nil
}

// secure: encrypted on the network, or no network in between.
func (c *Conn) secure() bool { return c.peer.Secure || c.peer.Loopback }

// saslState is what decides about the mechanisms. Over TCP from loopback TLS is
// asked for like from everywhere, unless it was made optional.
func (c *Conn) saslState() sasl.State {
	return sasl.State{
		TLS:      c.peer.Secure,
		Loopback: c.peer.Loopback && (!c.server.RequireTLS || !c.maySTARTTLS()),
		Bindings: c.peer.Bindings,
	}
}
