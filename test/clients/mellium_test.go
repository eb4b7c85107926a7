package clients_test

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mellium.im/sasl"
	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/roster"
	"mellium.im/xmpp/stanza"
	"mellium.im/xmpp/websocket"
)

// melliumClient is a bound session of mellium's client.
type melliumClient struct {
	*xmpp.Session
	messages chan string // bodies, with the sender before a space
	done     chan error  // Serve has ended
}

// message is a chat message with a body.
type message struct {
	stanza.Message
	Body string `xml:"body"`
}

func dialTCP(t *testing.T, p *parley, address, password string) *melliumClient {
	t.Helper()
	return login(t, p.c2s, address, password, func(ctx context.Context, j jid.JID, conn net.Conn, features []xmpp.StreamFeature) (*xmpp.Session, error) {
		starttls := xmpp.StartTLS(&tls.Config{InsecureSkipVerify: true}) //nolint:gosec // self-signed
		return xmpp.NewClientSession(ctx, j, conn, append([]xmpp.StreamFeature{starttls}, features...)...)
	}, sasl.ScramSha256, sasl.ScramSha1)
}

func dialWebSocket(t *testing.T, p *parley, address, password string) *melliumClient {
	t.Helper()
	return login(t, p.https, address, password, func(ctx context.Context, j jid.JID, conn net.Conn, features []xmpp.StreamFeature) (*xmpp.Session, error) {
		secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // self-signed
		return websocket.NewClient(ctx, "wss://"+p.https, "wss://"+p.https+"/xmpp-websocket", j, secure, features...)
	}, sasl.ScramSha256)
}

type negotiate func(context.Context, jid.JID, net.Conn, []xmpp.StreamFeature) (*xmpp.Session, error)

func login(t *testing.T, addr, address, password string, f negotiate, mechanisms ...sasl.Mechanism) *melliumClient {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f(ctx, jid.MustParse(address), conn, []xmpp.StreamFeature{
		xmpp.SASL("", password, mechanisms...), xmpp.BindResource(),
	})
	if err != nil {
		conn.Close()
		t.Fatalf("%s cannot log in: %v", address, err)
	}
	c := &melliumClient{Session: s, messages: make(chan string, 1000), done: make(chan error, 1)}
	go func() { c.done <- s.Serve(c) }()
	t.Cleanup(func() { conn.Close() })
	return c
}

// HandleXMPP implements xmpp.Handler: chat messages are passed on.
func (c *melliumClient) HandleXMPP(r xmlstream.TokenReadEncoder, start *xml.StartElement) error {
	if start.Name.Local != "message" {
		return nil
	}
	var m message
	err := xml.NewTokenDecoder(xmlstream.MultiReader(xmlstream.Token(*start), r)).Decode(&m)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if m.Body != "" {
		c.messages <- m.From.Bare().String() + " " + m.Body
	}
	return nil
}

func (c *melliumClient) say(t *testing.T, to, body string) {
	t.Helper()
	m := message{Message: stanza.Message{To: jid.MustParse(to), Type: stanza.ChatMessage}, Body: body}
	if err := c.Encode(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func (c *melliumClient) hears(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-c.messages:
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	case err := <-c.done:
		t.Fatalf("the session ended (%v), want %q", err, want)
	case <-time.After(patience):
		t.Fatalf("nothing came, want %q", want)
	}
}

func (c *melliumClient) online(t *testing.T) {
	t.Helper()
	if err := c.Send(t.Context(), stanza.Presence{}.Wrap(nil)); err != nil {
		t.Fatal(err)
	}
}

// ends waits until the server has ended the session.
func (c *melliumClient) ends(t *testing.T) {
	t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		t.Fatal("the session goes on")
	}
}

func (c *melliumClient) close(t *testing.T) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	c.ends(t)
}

func (c *melliumClient) contacts(t *testing.T) (out []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	items := roster.Fetch(ctx, c.Session)
	for items.Next() {
		out = append(out, items.Item().JID.String()+" "+items.Item().Subscription)
	}
	if err := errors.Join(items.Err(), items.Close()); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMelliumOverTCPAndWebSocket(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		alice := dialTCP(t, p, "alice@localhost", p.passwords["alice@localhost"])
		bob := dialWebSocket(t, p, "bob@localhost", p.passwords["bob@localhost"])
		if got := strings.Join(alice.contacts(t), ","); got != "bob@localhost both" {
			t.Errorf("alice's roster: %s", got)
		}
		bob.online(t)
		bob.contacts(t) // a round trip: bob is available now
		alice.online(t)
		alice.say(t, "bob@localhost", "over TCP & <back>")
		bob.hears(t, "alice@localhost over TCP & <back>")
		bob.say(t, "alice@localhost", "over WebSocket ☺")
		alice.hears(t, "bob@localhost over WebSocket ☺")
		bob.close(t)
		alice.say(t, "bob@localhost", "for later")
		alice.contacts(t)
		alice.close(t)

		p.stop(t)
		p.start(t)
		bob = dialTCP(t, p, "bob@localhost", p.passwords["bob@localhost"])
		bob.online(t)
		bob.hears(t, "alice@localhost for later")
		bob.close(t)
	})
}
