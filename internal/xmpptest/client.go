package xmpptest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"parley/internal/xmpptest/xmlmatch"
	"parley/stanza"
)

// Patience is how long a client waits for what has to come.
const Patience = 20 * time.Second

// Client is one connection to the server. Its methods fail the test when the
// server does not do its part. One goroutine uses it.
type Client struct {
	JID string // the full JID, once bound

	t      testing.TB
	name   string // for messages
	domain string
	link   link
	items  chan Item     // closed by the reader
	done   chan struct{} // closed when the reader has ended
	cancel context.CancelFunc
	held   []Item // read ahead
	pings  int
}

// newClient starts the reader of a link. ctx is the link's own.
func newClient(t testing.TB, name, domain string, l link, cancel context.CancelFunc) *Client {
	c := &Client{
		t: t, name: name, domain: domain, link: l, cancel: cancel,
		items: make(chan Item, 1<<16), done: make(chan struct{}),
	}
	go c.read()
	t.Cleanup(c.Close)
	return c
}

func (c *Client) read() {
	defer close(c.done)
	defer close(c.items)
	for {
		it, err := c.link.read()
		switch {
		case err == nil && c.pinged(it):
			continue
		case err == nil:
			if !c.pong(it) {
				c.items <- it
			}
			continue
		case errors.Is(err, errUnframed):
			c.t.Errorf("%s: %v", c.name, err)
		case !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, context.Canceled):
			c.t.Logf("%s: connection lost: %v", c.name, err)
		}
		return
	}
}

// pinged answers a ping of the server, as any client does, out of the test's
// sight: the server may want to know at any moment that the client is alive
// (XEP-0199 §4.1).
func (c *Client) pinged(it Item) bool {
	if it.Kind != Element || it.Tree.Attr("from") != c.domain || it.Tree.Attr("type") != "get" ||
		it.Tree.Child("urn:xmpp:ping", "ping") == nil {
		return false
	}
	_ = c.link.write("<iq xmlns='" + stanza.NSClient + "' type='result' id='" + it.Tree.Attr("id") +
		"' to='" + c.domain + "'/>") // if that fails the reader sees it next
	return true
}

// pong answers the server's own question whether the client is alive, as every
// client does (XEP-0199 §4.1).
func (c *Client) pong(it Item) bool {
	id := ""
	if it.Kind == Element && it.Tree.Child("urn:xmpp:ping", "ping") != nil {
		id = it.Tree.Attr("id")
	}
	if !strings.HasPrefix(id, "alive-") {
		return false
	}
	if err := c.link.write("<iq type='result' id='" + id + "' to='" + c.domain + "'/>"); err != nil {
		c.t.Logf("%s: ping not answered: %v", c.name, err)
	}
	return true
}

// Close cuts the connection without a word and waits for the reader. It may be
// called twice.
func (c *Client) Close() {
	_ = c.link.close() // it may be closed already
	c.cancel()
	<-c.done
}

// Send sends stanzas, or whatever text is; over WebSocket it is one message.
func (c *Client) Send(text string) {
	c.t.Helper()
	if err := c.link.write(text); err != nil {
		c.t.Fatalf("%s: send: %v", c.name, err)
	}
}

// Next returns what comes next.
func (c *Client) Next() Item {
	c.t.Helper()
	if len(c.held) > 0 {
		it := c.held[0]
		c.held = c.held[1:]
		return it
	}
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	select {
	case it, ok := <-c.items:
		if !ok {
			return Item{Kind: Gone, Text: "(connection closed)"}
		}
		return it
	case <-timer.C:
		c.t.Fatalf("%s: nothing came within %s", c.name, Patience)
		return Item{}
	}
}

// NextElement returns the next element; anything else fails the test.
func (c *Client) NextElement() *stanza.Element {
	c.t.Helper()
	it := c.Next()
	if it.Kind != Element {
		c.t.Fatalf("%s: got %q, want an element", c.name, it.Text)
	}
	return it.Tree
}

// Expect compares the next element with a pattern of package xmlmatch and
// returns it.
func (c *Client) Expect(pattern string) *stanza.Element {
	c.t.Helper()
	want, err := xmlmatch.Parse(pattern)
	if err != nil {
		c.t.Fatalf("pattern %s: %v", pattern, err)
	}
	got := c.NextElement()
	if err := xmlmatch.Elements(want, got); err != nil {
		c.t.Fatalf("%s: %v\n got: %s\nwant: %s", c.name, err, got, pattern)
	}
	return got
}

// ExpectNothing proves by a round trip that nothing has come.
func (c *Client) ExpectNothing() {
	c.t.Helper()
	for _, it := range c.Drain() {
		c.t.Errorf("%s: got %s, want nothing", c.name, it.Text)
	}
}

// Drain makes a round trip to the server and returns what came before its
// answer. Only a bound client can do that.
func (c *Client) Drain() []Item {
	c.t.Helper()
	c.pings++
	id := fmt.Sprintf("xmpptest-%d", c.pings)
	c.Send("<iq xmlns='jabber:client' type='get' id='" + id + "' to='" + c.domain + "'><ping xmlns='urn:xmpp:ping'/></iq>")
	var before []Item
	for {
		it := c.Next()
		if it.Kind == Element && it.Tree.Is(stanza.NSClient, "iq") && it.Tree.Attr("id") == id {
			return before
		}
		before = append(before, it)
		if it.Kind != Element {
			c.t.Fatalf("%s: got %q, want the answer to a ping", c.name, it.Text)
		}
	}
}

// Sync is Drain that keeps what came for Next.
func (c *Client) Sync() {
	c.t.Helper()
	c.held = append(c.held, c.Drain()...)
}

// Open sends a stream header to the domain and returns the features.
func (c *Client) Open() *stanza.Element {
	c.t.Helper()
	c.OpenWith("to='" + c.domain + "' version='1.0'")
	if it := c.Next(); it.Kind != Header {
		c.t.Fatalf("%s: got %q, want a stream header", c.name, it.Text)
	}
	features := c.NextElement()
	if !features.Is(stanza.NSStream, "features") {
		c.t.Fatalf("%s: got %s, want features", c.name, features)
	}
	return features
}

// OpenWith sends a stream header with these attributes and waits for nothing.
func (c *Client) OpenWith(attrs string) {
	c.t.Helper()
	if err := c.link.open(attrs); err != nil {
		c.t.Fatalf("%s: open: %v", c.name, err)
	}
}

// Authenticate logs in with PLAIN and opens the new stream.
func (c *Client) Authenticate(user, password string) {
	c.t.Helper()
	c.Open()
	c.Send("<auth xmlns='" + stanza.NSSASL + "' mechanism='PLAIN'>" +
		base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password)) + "</auth>")
	if got := c.NextElement(); !got.Is(stanza.NSSASL, "success") {
		c.t.Fatalf("%s: got %s, want success", c.name, got)
	}
	c.Open()
}

// Bind binds a resource; an empty one is made by the server.
func (c *Client) Bind(resource string) {
	c.t.Helper()
	bind := stanza.New(stanza.NSBind, "bind")
	if resource != "" {
		bind.Add(stanza.New(stanza.NSBind, "resource").AddText(resource))
	}
	c.Send(string(stanza.New(stanza.NSClient, "iq", "type", "set", "id", "bind").Add(bind).Append(nil, "")))
	got := c.NextElement()
	c.JID = got.Child(stanza.NSBind, "bind").Child(stanza.NSBind, "jid").Text()
	if c.JID == "" || resource != "" && !strings.HasSuffix(c.JID, "/"+resource) {
		c.t.Fatalf("%s: got %s, want a full JID", c.name, got)
	}
}

// Disconnect closes the stream and waits until the server has let go of the
// session and closed the connection. What came before is gone.
func (c *Client) Disconnect() {
	c.t.Helper()
	if err := c.link.end(); err != nil {
		c.t.Fatalf("%s: close: %v", c.name, err)
	}
	c.ExpectClosed()
}

// leave ends the stream, in whatever state it is, and waits until the server
// has closed the connection.
func (c *Client) leave() {
	c.t.Helper()
	if c.link.end() != nil {
		return // it is closed
	}
	for c.Next().Kind != Gone {
	}
}

// ExpectClosed reads up to the end of the stream and of the connection.
func (c *Client) ExpectClosed() {
	c.t.Helper()
	ended := false
	for {
		switch it := c.Next(); it.Kind {
		case Close:
			ended = true
		case Gone:
			if !ended {
				c.t.Errorf("%s: the connection was closed, the stream was not", c.name)
			}
			return
		}
	}
}
