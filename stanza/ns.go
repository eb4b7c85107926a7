package stanza

// Namespaces that the stream itself speaks (RFC 6120 §15, RFC 7395 §6). An
// extension keeps its own namespace beside its code.
const (
	NSClient       = "jabber:client"
	NSStream       = "http://etherx.jabber.org/streams"
	NSStreamErrors = "urn:ietf:params:xml:ns:xmpp-streams"
	NSStanzaErrors = "urn:ietf:params:xml:ns:xmpp-stanzas"
	NSFraming      = "urn:ietf:params:xml:ns:xmpp-framing"
	NSTLS          = "urn:ietf:params:xml:ns:xmpp-tls"
	NSSASL         = "urn:ietf:params:xml:ns:xmpp-sasl"
	NSBind         = "urn:ietf:params:xml:ns:xmpp-bind"
	NSSession      = "urn:ietf:params:xml:ns:xmpp-session"
	// NSXML is what the prefix xml is bound to, always and everywhere.
	NSXML = "http://www.w3.org/XML/1998/namespace"

	// nsXMLNS is what the prefix xmlns is bound to. Nothing else may be.
	nsXMLNS = "http://www.w3.org/2000/xmlns/"
)

// Kind tells the three stanzas of RFC 6120 §8.2 from everything else.
type Kind uint8

// The kinds of top-level elements. Other is whatever is not a stanza in the
// namespace jabber:client: SASL, stream management, framing.
const (
	Other Kind = iota
	Message
	Presence
	IQ
)

var kindNames = [...]string{Other: "other", Message: "message", Presence: "presence", IQ: "iq"}

// String returns the element name of the kind: message, presence, iq, or other.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Other]
}

// kindOf returns the kind of the element with this expanded name.
func kindOf(space, local []byte) Kind {
	if string(space) != NSClient {
		return Other
	}
	switch string(local) {
	case "message":
		return Message
	case "presence":
		return Presence
	case "iq":
		return IQ
	}
	return Other
}
