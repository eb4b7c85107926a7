package conformance

import (
	"crypto/tls"
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/xmpptest"
	"parley/stanza"
)

const (
	nsStreams = "http://etherx.jabber.org/streams"
	header    = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='" + nsStreams + "' to='localhost' version='1.0'>"
	starttls  = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
	plain     = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFsaWNlAHNlY3JldA==</auth>"
	bind      = "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>x</resource></bind></iq>"
	features  = "</stream:features>"
)

// start runs a server with the accounts alice and bob.
func start(t *testing.T, change ...func(*config.Config)) *xmpptest.Server {
	t.Helper()
	s := xmpptest.Start(t, xmpptest.Options{Change: func(c *config.Config) {
		for _, f := range change {
			f(c)
		}
	}})
	s.AddUser(t, "alice")
	s.AddUser(t, "bob")
	return s
}

// onEach runs f over WebSocket and over TCP.
func onEach(t *testing.T, f func(*testing.T, xmpptest.Transport)) {
	for _, transport := range []xmpptest.Transport{xmpptest.WebSocket, xmpptest.TCP} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			f(t, transport)
		})
	}
}

// opened sends a header, and returns the server's and its features.
func opened(t *testing.T, c *xmpptest.Client, attrs string) (header, features *stanza.Element) {
	t.Helper()
	c.OpenWith(attrs)
	it := c.Next()
	if it.Kind != xmpptest.Header {
		t.Fatalf("got %q, want a header", it.Text)
	}
	return it.Tree, c.NextElement()
}

// TestRestart: RFC 6120 §4.3.3, §6.4.6: after authentication both sides open
// anew on the same connection, and the new stream has another id.
func TestRestart(t *testing.T) {
	t.Parallel()
	s := start(t)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		c := s.Open(t, transport)
		first, _ := opened(t, c, "to='localhost' version='1.0'")
		c.Send(plain)
		if got := c.NextElement(); !got.Is(stanza.NSSASL, "success") {
			t.Fatalf("got %s", got)
		}
		second, features := opened(t, c, "to='localhost' version='1.0'") // nothing came between
		if a, b := first.Attr("id"), second.Attr("id"); a == "" || a == b {
			t.Errorf("ids %q and %q", a, b)
		}
		if features.Child(stanza.NSBind, "bind") == nil {
			t.Errorf("got %s, want bind", features)
		}
	})
}

// TestFeaturesOfEachStep: RFC 6120 §4.3.4, §6.4.1, §7.4: what can be done now,
// and neither what was done nor what is not yet possible.
func TestFeaturesOfEachStep(t *testing.T) {
	t.Parallel()
	s := start(t)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		c := s.Open(t, transport)
		_, before := opened(t, c, "to='localhost' version='1.0'")
		c.Send(plain)
		c.NextElement()
		_, after := opened(t, c, "to='localhost' version='1.0'")
		for name, of := range map[string]struct {
			space, local  string
			before, after bool
		}{
			"SASL":     {stanza.NSSASL, "mechanisms", true, false},
			"SASL2":    {"urn:xmpp:sasl:2", "authentication", true, false},
			"STARTTLS": {stanza.NSTLS, "starttls", transport == xmpptest.TCP, false},
			"bind":     {stanza.NSBind, "bind", false, true},
			"roster":   {"urn:xmpp:features:rosterver", "ver", false, true},
			"approval": {"urn:xmpp:features:pre-approval", "sub", false, true},
		} {
			if got := before.Child(of.space, of.local) != nil; got != of.before {
				t.Errorf("%s before authentication: %t", name, got)
			}
			if got := after.Child(of.space, of.local) != nil; got != of.after {
				t.Errorf("%s after authentication: %t", name, got)
			}
		}
	})
}

// TestFromOfHeaderGivesNothing: RFC 6120 §4.3.6: who a client is says SASL.
func TestFromOfHeaderGivesNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		c := s.Open(t, transport)
		opened(t, c, "to='localhost' from='bob@localhost' version='1.0'")
		c.Send(plain)
		c.NextElement()
		opened(t, c, "to='localhost' from='bob@localhost' version='1.0'")
		c.Bind("")
		if !strings.HasPrefix(c.JID, "alice@localhost/") {
			t.Errorf("bound as %s", c.JID)
		}
	})
}

// TestNothingAfterTheEnd: RFC 6120 §4.4, RFC 7395 §3.6: whoever has ended the
// stream gets nothing any more, not even what others send at that moment.
func TestNothingAfterTheEnd(t *testing.T) {
	t.Parallel()
	s := start(t)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		resource := string(transport)
		alice := s.Dial(t, transport, "alice", resource)
		bob := s.Dial(t, transport, "bob", "")
		for range 20 {
			bob.Send("<message to='alice@localhost/" + resource + "'><body>x</body></message>")
		}
		alice.Send("<presence type='unavailable'/>")
		for range 20 {
			bob.Send("<message to='alice@localhost/" + resource + "'><body>x</body></message>")
		}
		endStream(alice, transport)
		for it := alice.Next(); it.Kind != xmpptest.Close; it = alice.Next() {
			if it.Kind == xmpptest.Gone {
				t.Fatal("the connection was closed, the stream was not")
			}
		}
		if it := alice.Next(); it.Kind != xmpptest.Gone {
			t.Errorf("got %q after the end of the stream", it.Text)
		}
	})
}

// endStream sends the end of the stream and does not wait.
func endStream(c *xmpptest.Client, transport xmpptest.Transport) {
	if transport == xmpptest.TCP {
		c.Send("</stream:stream>")
		return
	}
	c.Send("<close xmlns='" + stanza.NSFraming + "'/>")
}

// TestStreamPrefixIsFree: RFC 6120 §4.8.5: a client may call the namespace of
// streams as it likes, and make it the default one (§4.8.2).
func TestStreamPrefixIsFree(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, c := range map[string]struct{ header, end string }{
		"another prefix": {"<s:stream xmlns='jabber:client' xmlns:s='" + nsStreams + "' to='localhost' version='1.0'>", "</s:stream>"},
		"no prefix":      {"<stream xmlns='" + nsStreams + "' to='localhost' version='1.0'>", "</stream>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := s.DialRaw(t, "c2s")
			r.Send(c.header)
			r.Until(features)
			r.Send(plain)
			r.Until("<success")
			r.Send(c.header)
			r.Until(features)
			r.Send(bind)
			r.Until("</iq>")
			r.Send("<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>" + c.end)
			if rest := r.Rest(); !strings.Contains(rest, "id='p' type='result'") || !strings.HasSuffix(rest, "</stream:stream>") {
				t.Errorf("got %q", rest)
			}
		})
	}
}

// TestContentNamespaceWithoutDefault: RFC 6120 §4.8.2: where the header has no
// content namespace, an element without one of its own is no stanza.
func TestContentNamespaceWithoutDefault(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := s.DialRaw(t, "c2s")
	const header = "<s:stream xmlns:s='" + nsStreams + "' to='localhost' version='1.0'>"
	r.Send(header)
	r.Until(features)
	r.Send(plain)
	r.Until("<success")
	r.Send(header)
	r.Until(features)
	r.Send(bind) // which says its namespace
	r.Until("</iq>")
	r.Send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
	if rest := r.Rest(); !strings.Contains(rest, "<stream:error>") && !strings.Contains(rest, "<stream:error ") {
		t.Errorf("got %q, want a stream error", rest)
	}
}

// TestDeclaration: RFC 6120 §11.5: the XML declaration goes before our header.
func TestDeclaration(t *testing.T) {
	t.Parallel()
	r := start(t).DialRaw(t, "c2s")
	r.Send(header)
	if got := r.Until(">"); !strings.HasPrefix(got, "<?xml version=\"1.0\"?>") {
		t.Errorf("got %q", got)
	}
}

// TestStanzaOfTenThousandBytes: RFC 6120 §13.12: no limit is smaller than that.
func TestStanzaOfTenThousandBytes(t *testing.T) {
	t.Parallel()
	s := start(t)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		c := s.Dial(t, transport, "alice", "")
		const start, end = "<iq xmlns='jabber:client' type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'>", "</ping></iq>"
		c.Send(start + strings.Repeat("x", 10_000-len(start)-len(end)) + end)
		c.Expect("<iq type='result' id='p' from='localhost' to='" + c.JID + "'/>")
	})
}

var anyCertificate = &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"} // #nosec G402 -- the server's own

// TestRestartAfterTLS: RFC 6120 §5.4.3.3: the encrypted stream has another id
// and no STARTTLS.
func TestRestartAfterTLS(t *testing.T) {
	t.Parallel()
	r := start(t).DialRaw(t, "c2s")
	id := func(text string) string {
		_, after, _ := strings.Cut(text, ` id="`)
		value, _, _ := strings.Cut(after, `"`)
		return value
	}
	r.Send(header)
	before := r.Until(features)
	r.Send(starttls)
	r.Until("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	r = r.Secure(anyCertificate)
	r.Send(header)
	after := r.Until(features)
	if a, b := id(before), id(after); a == "" || b == "" || a == b {
		t.Errorf("ids %q and %q", a, b)
	}
	if strings.Contains(after, "starttls") || !strings.Contains(after, "-PLUS") {
		t.Errorf("features of the encrypted stream: %s", after)
	}
}

// TestFailedHandshake: RFC 6120 §5.4.3.2: the connection ends, and nothing in
// the clear follows, not even the end of the stream.
func TestFailedHandshake(t *testing.T) {
	t.Parallel()
	r := start(t).DialRaw(t, "c2s")
	r.Send(header)
	r.Until(features)
	r.Send(starttls)
	r.Until("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	r.Send("</stream:stream>")
	if rest := r.Rest(); strings.ContainsRune(rest, '<') {
		t.Errorf("got %q", rest)
	}
}
