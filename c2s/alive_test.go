package c2s_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/config"
	"parley/internal/xmpptest"
)

// impatient makes the server ask for signs of life all the time and give up
// what is silent for two seconds.
func impatient(c *config.Config) {
	c.Limits.PingInterval, c.Limits.DeadAfter = time.Millisecond, 2*time.Second
}

const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"

// bindRaw logs alice in on a fresh TCP connection.
func bindRaw(t *testing.T, s *xmpptest.Server, resource string) *rawConn {
	t.Helper()
	c := dialRaw(t, s.Addr("c2s"))
	c.send(header)
	c.until("</stream:features>")
	c.send(plainOfAlice)
	c.until("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
	c.send(header)
	c.until("</stream:features>")
	c.send(strings.Replace(bindX, ">x<", ">"+resource+"<", 1))
	c.until("</iq>")
	return c
}

// pong waits for a ping and answers it.
func (c *rawConn) pong() {
	c.t.Helper()
	ping := c.until("</iq>")
	if !like(ping, "<iq xmlns='jabber:client' from='localhost' to='alice@localhost/…' id='…' type='get'><ping xmlns='urn:xmpp:ping'/></iq>") {
		c.t.Fatalf("got %s", ping)
	}
	_, after, _ := strings.Cut(ping, " id='")
	id, _, _ := strings.Cut(after, "'")
	c.send("<iq to='localhost' type='result' id='" + id + "'/>")
}

// TestPingOverTCP: XEP-0199 §4.1: a client that has nothing to say is asked, and
// lives as long as it answers.
func TestPingOverTCP(t *testing.T) {
	t.Parallel()
	c := bindRaw(t, start(t, impatient), "x")
	for range 5 { // longer than it takes to be given up
		c.pong()
	}
}

// TestPingOverWebSocket: RFC 6455 §5.5.2: a browser answers for its page, which
// sees nothing of it.
func TestPingOverWebSocket(t *testing.T) {
	t.Parallel()
	s := start(t, impatient)
	pings := make(chan struct{}, 100)
	conn, _, err := websocket.Dial(t.Context(), s.URL(), &websocket.DialOptions{
		Subprotocols:   []string{"xmpp"},
		OnPingReceived: func(context.Context, []byte) bool { pings <- struct{}{}; return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	p := &page{t, conn}
	p.send(open, plainOfAlice, open, bindX)
	p.expect(opened, "<stream:features …", success, opened, "<stream:features …", boundX)
	messages := make(chan string, 1)
	go func() { messages <- p.receive() }()
	for range 5 { // longer than it takes to be given up
		<-pings
	}
	p.send("<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
	if got := <-messages; !strings.Contains(got, "id='p'") {
		t.Errorf("got %s", got)
	}
}

// TestSilentPeer: a connection without a sign of life is cut, and its resource
// is free.
func TestSilentPeer(t *testing.T) {
	t.Parallel()
	s := start(t, impatient)
	c := bindRaw(t, s, "x")
	if rest := c.rest(); strings.Contains(rest, "</stream:stream>") {
		t.Errorf("got %q: nobody is there to be told", rest)
	}
	p := dialPage(t, s, "/ws", "xmpp")
	p.send(open, plainOfAlice, open, bindX)
	p.expect(opened, "<stream:features …", success, opened, "<stream:features …", boundX)
}

// TestSlowUpload: a big stanza that arrives in pieces is a sign of life.
func TestSlowUpload(t *testing.T) {
	t.Parallel()
	s := start(t, impatient)
	clock := bindRaw(t, s, "clock")
	c := bindRaw(t, s, "x")
	c.send("<message to='alice@localhost/x'><body>")
	for range 5 {
		clock.pong() // a second goes by
		c.send("piece ")
	}
	c.send("</body></message>")
	if got := c.until("</message>"); !strings.Contains(got, "piece piece piece") {
		t.Errorf("got %s", got)
	}
}

// reset cuts a connection so that the server sees an error, not an end.
func reset(c net.Conn) {
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}
