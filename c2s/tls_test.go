package c2s_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/xdg-go/scram"

	"parley/internal/config"
	"parley/internal/xmpptest"
)

const starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"

func requireTLS(c *config.Config) { c.RequireTLS = true }

// secure runs the client's side of a handshake over c.
func (c *rawConn) secure(version uint16, protos ...string) (*rawConn, tls.ConnectionState) {
	c.t.Helper()
	conn := tls.Client(c.Conn, &tls.Config{
		InsecureSkipVerify: true, ServerName: "localhost", MinVersion: version, MaxVersion: version, NextProtos: protos,
	})
	if err := conn.HandshakeContext(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	return &rawConn{Conn: conn, t: c.t}, conn.ConnectionState()
}

// startTLS goes as far as the features of the encrypted stream.
func startTLS(t *testing.T, s *xmpptest.Server, version uint16) (c *rawConn, state tls.ConnectionState, features string) {
	t.Helper()
	c = dialRaw(t, s.Addr("c2s"))
	c.send(header)
	c.until("</stream:features>")
	c.send(starttls)
	c.until("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	c, state = c.secure(version)
	c.send(header)
	return c, state, c.until("</stream:features>")
}

// TestFeatures: RFC 6120 §5.4.1, §6.4.1: what is offered before and after TLS.
func TestFeatures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change         func(*config.Config)
		before, absent []string
	}{
		"TLS required": {requireTLS, []string{"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"}, []string{"mechanism"}},
		"TLS optional": {func(*config.Config) {}, []string{starttls, "<mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism>"}, []string{"PLUS", "required", "ANONYMOUS", "EXTERNAL", "sasl-channel-binding"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.change)
			raw := dialRaw(t, s.Addr("c2s"))
			raw.send(header)
			check(t, raw.until("</stream:features>"), c.before, c.absent)
			_, _, features := startTLS(t, s, tls.VersionTLS13)
			check(t, features, []string{
				"<mechanism>SCRAM-SHA-256-PLUS</mechanism><mechanism>SCRAM-SHA-1-PLUS</mechanism><mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism>",
				"<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/><channel-binding type='tls-server-end-point'/></sasl-channel-binding>",
			}, []string{"starttls", "tls-unique"})
		})
	}
}

func check(t *testing.T, got string, want, absent []string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s\nlacks %s", got, w)
		}
	}
	for _, a := range absent {
		if strings.Contains(got, a) {
			t.Errorf("%s\nhas %s", got, a)
		}
	}
}

// TestSTARTTLSInjection: RFC 6120 §5.4.3.3: what was sent in the clear after
// <starttls/> is never read as if it had come encrypted.
func TestSTARTTLSInjection(t *testing.T) {
	t.Parallel()
	s := start(t, requireTLS)
	for _, injected := range []string{" ", "<presence/>", header, plainOfAlice, "\x16\x03\x01"} {
		c := dialRaw(t, s.Addr("c2s"))
		c.send(header)
		c.until("</stream:features>")
		c.send(starttls + injected)
		rest := c.rest()
		if strings.Contains(rest, "proceed") || !strings.Contains(rest, "<policy-violation ") || !strings.HasSuffix(rest, "</stream:stream>") {
			t.Errorf("after %q: %s", injected, rest)
		}
	}
}

// TestSTARTTLSTwice: RFC 6120 §5.4.2.2.
func TestSTARTTLSTwice(t *testing.T) {
	t.Parallel()
	c, _, _ := startTLS(t, start(t), tls.VersionTLS13)
	c.send(starttls)
	if rest := c.rest(); rest != "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>" {
		t.Errorf("got %s", rest)
	}
}

// TestSTARTTLSOverWebSocket: RFC 7395 §3.9: TLS is the WebSocket's.
func TestSTARTTLSOverWebSocket(t *testing.T) {
	t.Parallel()
	p := dialPage(t, start(t), "/ws", "xmpp")
	p.send(open)
	p.expect(opened)
	if features := p.receive(); strings.Contains(features, "starttls") {
		t.Error(features)
	}
	p.send(starttls)
	p.expect("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", closed, "…")
}

// TestDirectTLS: XEP-0368 §4: with the protocol name, without, and with others
// beside it; a wrong one alone is refused by TLS.
func TestDirectTLS(t *testing.T) {
	t.Parallel()
	s := start(t, requireTLS)
	for name, protos := range map[string][]string{"named": {"xmpp-client"}, "none": nil, "beside others": {"h2", "xmpp-client"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, state := dialRaw(t, s.Addr("c2s-tls")).secure(tls.VersionTLS12, protos...)
			if want := protos != nil; (state.NegotiatedProtocol == "xmpp-client") != want {
				t.Errorf("protocol %q", state.NegotiatedProtocol)
			}
			c.send(header)
			check(t, c.until("</stream:features>"), []string{"PLAIN"}, []string{"starttls"})
		})
	}
	t.Run("wrong", func(t *testing.T) {
		t.Parallel()
		c := tls.Client(dialRaw(t, s.Addr("c2s-tls")), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
		if err := c.HandshakeContext(t.Context()); err == nil {
			t.Error("a handshake for HTTP was accepted")
		}
	})
}

// TestShutdownDuringHandshake: a client that connects and says nothing does not
// hold up the end.
func TestShutdownDuringHandshake(t *testing.T) {
	t.Parallel()
	s := start(t)
	silent := dialRaw(t, s.Addr("c2s-tls"))
	_, _ = dialRaw(t, s.Addr("c2s-tls")).secure(tls.VersionTLS13) // so the one before was accepted
	s.Stop(t)
	if rest := silent.rest(); rest != "" {
		t.Errorf("got %q", rest)
	}
}

// TestChannelBinding logs in with the -PLUS mechanisms, bound to what both ends
// of the connection know (RFC 9266, RFC 5929 §4).
func TestChannelBinding(t *testing.T) {
	t.Parallel()
	s := start(t, requireTLS)
	exporter := func(cs tls.ConnectionState) scram.ChannelBinding {
		cb, err := scram.NewTLSExporterBinding(&cs)
		if err != nil {
			t.Error(err)
		}
		return cb
	}
	endPoint := func(cs tls.ConnectionState) scram.ChannelBinding {
		sum := sha256.Sum256(cs.PeerCertificates[0].Raw)
		return scram.ChannelBinding{Type: scram.ChannelBindingTLSServerEndpoint, Data: sum[:]}
	}
	wrong := func(cs tls.ConnectionState) scram.ChannelBinding {
		cb := endPoint(cs)
		cb.Data[0] ^= 1
		return cb
	}
	cases := map[string]struct {
		version   uint16
		mechanism string
		hash      scram.HashGeneratorFcn
		binding   func(tls.ConnectionState) scram.ChannelBinding
		want      string
	}{
		"exporter, 1.3":   {tls.VersionTLS13, "SCRAM-SHA-256-PLUS", scram.SHA256, exporter, "success"},
		"exporter, 1.2":   {tls.VersionTLS12, "SCRAM-SHA-1-PLUS", scram.SHA1, exporter, "success"},
		"end point, 1.2":  {tls.VersionTLS12, "SCRAM-SHA-256-PLUS", scram.SHA256, endPoint, "success"},
		"end point, 1.3":  {tls.VersionTLS13, "SCRAM-SHA-1-PLUS", scram.SHA1, endPoint, "success"},
		"another channel": {tls.VersionTLS13, "SCRAM-SHA-256-PLUS", scram.SHA256, wrong, "not-authorized"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, state, _ := startTLS(t, s, c.version)
			client, err := c.hash.NewClient("alice", xmpptest.Password, "")
			if err != nil {
				t.Fatal(err)
			}
			got := conn.exchange(client.NewConversationWithChannelBinding(c.binding(state)), c.mechanism)
			if !strings.Contains(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// exchange runs a SCRAM conversation and returns the outcome.
func (c *rawConn) exchange(conv *scram.ClientConversation, mechanism string) string {
	c.t.Helper()
	first, err := conv.Step("")
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(fmt.Sprintf("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='%s'>%s</auth>", mechanism, base64.StdEncoding.EncodeToString([]byte(first))))
	answer := c.until("</challenge>", "</failure>")
	if !strings.Contains(answer, "<challenge") {
		return answer
	}
	final, err := conv.Step(decoded(c.t, answer))
	if err != nil {
		c.t.Fatal(err)
	}
	c.send("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + base64.StdEncoding.EncodeToString([]byte(final)) + "</response>")
	answer = c.until("</success>", "</failure>")
	if strings.Contains(answer, "<success") {
		if _, err := conv.Step(decoded(c.t, answer)); err != nil || !conv.Valid() {
			c.t.Errorf("the server did not prove that it knows the keys: %v", err)
		}
	}
	return answer
}

func decoded(t *testing.T, element string) string {
	t.Helper()
	_, text, _ := strings.Cut(element, ">")
	text, _, _ = strings.Cut(text, "<")
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatalf("%s: %v", element, err)
	}
	return string(b)
}

// TestChannelBindingDowngrade: "y" says that the client could bind and saw no
// -PLUS mechanism: somebody took it away.
func TestChannelBindingDowngrade(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, _, _ := startTLS(t, s, tls.VersionTLS13)
	first := base64.StdEncoding.EncodeToString([]byte("y,,n=alice,r=abcdef"))
	c.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>" + first + "</auth>")
	if got := c.until("</failure>"); !strings.Contains(got, "not-authorized") {
		t.Error(got)
	}
	clear := dialRaw(t, s.Addr("c2s")) // where no -PLUS was offered it is all right
	clear.send(header)
	clear.until("</stream:features>")
	clear.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>" + first + "</auth>")
	clear.until("</challenge>")
}
