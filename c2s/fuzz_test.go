package c2s_test

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/xmpptest"
)

// The ways to a state, for TCP.
var states = []string{
	"",
	header,
	header + plainOfAlice + header,
	header + plainOfAlice + header + bindX,
	header + "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'/>",
	header + authenticate2("alice", xmpptest.Password),
	header + authenticate2("alice", xmpptest.Password, "<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>"),
}

// FuzzStream sends anything in each state: not connected yet, opened,
// authenticated, bound, amid SASL2, and after it without and with a resource. The server must answer whatever it is and, once the
// client has ended its side, close in order.
func FuzzStream(f *testing.F) {
	for state := range states {
		for _, c := range elementErrors {
			f.Add(uint8(state), []byte(c.text))
		}
		for _, text := range []string{
			"", " ", "\n", header, "</stream:stream>", plainOfAlice, bindX, abort, "<presence/>", "<presence type='unavailable'/>",
			"<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>", "<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>",
			"<iq type='set' id='1'><query xmlns='jabber:iq:register'><username>new</username><password>x</password></query></iq>",
			"<message to='alice@localhost'><body>x</body></message>", "<presence to='bob@localhost' type='subscribe'/>",
			"<iq type='result' id='alive-1' to='localhost'/>", "<r xmlns='urn:xmpp:sm:3'/>",
			authenticate2("alice", xmpptest.Password), authenticate2("alice", xmpptest.Password, agent(phone), bind2Request, requestToken("HT-SHA-256-NONE")),
			withToken("alice", "token", phone), "<response xmlns='urn:xmpp:sasl:2'>AGFsaWNlAHNlY3JldA==</response>", "<response xmlns='urn:xmpp:sasl:2'/>",
			"<abort xmlns='urn:xmpp:sasl:2'/>", "<next xmlns='urn:xmpp:sasl:2' task='x'/>",
			authenticate2("alice", xmpptest.Password, "<resume xmlns='urn:xmpp:sm:3' previd='x' h='4294967296'/><bind xmlns='urn:xmpp:bind:0'><tag>\u200e</tag><enable xmlns='urn:xmpp:sm:3' max='-1'/></bind>"), "<?xml version='1.0'?>" + header,
		} {
			f.Add(uint8(state), []byte(text))
		}
	}
	addr := start(f, func(c *config.Config) {
		c.Limits = c.Limits.Off()
		c.Limits.RateBytes, c.Limits.RateStanzas = 0, 0
	}).Addr("c2s")
	f.Fuzz(func(t *testing.T, state uint8, input []byte) {
		if strings.Contains(string(input), "starttls") {
			return // what follows is for TLS
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(xmpptest.Patience))
		go func() { // the server may answer before it has read all
			_, _ = conn.Write(append([]byte(states[int(state)%len(states)]), input...))
			_ = conn.(*net.TCPConn).CloseWrite()
		}()
		got, err := io.ReadAll(conn)
		if os.IsTimeout(err) {
			t.Fatalf("the server hangs after %q; it sent %q", input, got)
		}
		text := string(got)
		if strings.Contains(text, "internal-server-error") {
			t.Fatalf("%q: %s", input, text)
		}
		if strings.Contains(text, "<stream:error") && !strings.HasSuffix(text, "</stream:stream>") {
			t.Fatalf("%q: an error is not the end: %s", input, text)
		}
	})
}

// FuzzMessages sends two messages over WebSocket, opened or not.
func FuzzMessages(f *testing.F) {
	for _, c := range elementErrors {
		f.Add(open, c.text)
	}
	f.Add(open, closed)
	f.Add(open, authenticate2("alice", xmpptest.Password, agent(phone), bind2Request, requestToken("HT-SHA-256-NONE")))
	f.Add(open, withToken("alice", "token", phone, bind2Request))
	f.Add(classicOpen, "<presence/>")
	f.Add(classicOpen, "</stream:stream>")
	f.Add("<?xml?>", "\n")
	f.Add("<open", "<close")
	addr := start(f, func(c *config.Config) { c.Limits.AuthFailuresPerAddress = 0 }).Addr("http")
	const request = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	f.Fuzz(func(t *testing.T, first, second string) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(xmpptest.Patience))
		go func() {
			b := []byte(request)
			for _, m := range []string{first, second} {
				b = append(append(b, clientFrame(0x81, uint64(len(m)))...), m...)
			}
			_, _ = conn.Write(append(b, clientFrame(0x88, 0)...)) // and a close frame
		}()
		got, err := io.ReadAll(conn)
		if os.IsTimeout(err) {
			t.Fatalf("the server hangs after %q and %q; it sent %q", first, second, got)
		}
		if strings.Contains(string(got), "internal-server-error") {
			t.Fatalf("%q, %q: %s", first, second, got)
		}
	})
}
