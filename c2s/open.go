package c2s

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"parley/internal/jid"
	"parley/internal/sasl"
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
	c.phase = phaseAuthenticating
	if c.isAuth.Load() {
		c.phase = phaseBinding
	}
	return c.reply(c.from, c.features())
}

const maxLang = 35 // bytes; the longest tags that RFC 5646 §4.4.1 foresees

func (c *Conn) checkHeader(h *stanza.Header) error {
	switch {
	case h.To == "":
		return streamError(stanza.StreamImproperAddressing, "'to' is missing") // RFC 6120 §4.7.2
	case h.DefaultNS != "" && h.DefaultNS != stanza.NSClient && h.DefaultNS != stanza.NSStream: // §4.8.2
		return streamError(stanza.StreamInvalidNamespace, "this port is for "+stanza.NSClient)
	case !version1(h.Version):
		return streamError(stanza.StreamUnsupportedVersion, "version 1.0 is needed") // §4.7.5
	}
	// The host is the same on every restart: there is only one.
	to, err := jid.Parse(h.To)
	if err != nil || to != c.server.Domain {
		return streamError(stanza.StreamHostUnknown, "this server does not serve that domain")
	}
	return c.checkFrom(h.From)
}

// checkFrom: a 'from' that is no address is none.
func (c *Conn) checkFrom(text string) (err error) {
	if c.from = (jid.JID{}); text == "" {
		return nil
	}
	if c.from, err = jid.Parse(text); err != nil {
		return nil
	}
	if c.from.Domain() != c.server.Domain.Domain() && c.offersSASL2() { // XEP-0388 §2.1, RFC 6120 §4.9.3.9
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

// reply sends our stream header and what follows it at once. 'to' is given back
// only if it is an address.
func (c *Conn) reply(to jid.JID, after ...[]byte) error {
	c.replied = true
	return c.transport.writeOpen(openReply{
		from: c.server.Domain.String(), to: to.String(), id: randomID(), lang: c.lang,
	}, after...)
}

// randomID returns 128 random bits: a stream id must not be guessed (RFC 6120
// §4.7.3).
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
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
		Turn:     c.turn,
	}
}
