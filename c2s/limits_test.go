package c2s_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/xmpptest"
	"parley/stanza"
)

// small are limits that tests reach quickly.
func small(c *config.Config) {
	c.Limits.StanzaSizeUnauthenticated, c.Limits.StanzaSize = 1<<10, 4<<10
	c.Limits.StanzaElementsUnauthenticated, c.Limits.StanzaElements = 8, 16
	c.Limits.StanzaDepthUnauthenticated, c.Limits.StanzaDepth = 4, 6
	c.Limits.StanzaAttributes = 5
}

// sized pads text with the body to n bytes.
func sized(before, after string, n int) string {
	return before + strings.Repeat("x", n-len(before)-len(after)) + after
}

func nested(depth int) string {
	return strings.Repeat("<a>", depth) + strings.Repeat("</a>", depth)
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " a%d='1'", i)
	}
	return b.String()
}

// TestStanzaLimits: at the limit a stanza is handled, over it the stream ends,
// before authentication and after, on both transports.
func TestStanzaLimits(t *testing.T) {
	t.Parallel()
	s := start(t, small, func(c *config.Config) { c.Limits.AuthFailuresPerAddress = 0 })
	const (
		sasl  = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X'>"
		msg   = "<message xmlns='jabber:client' to='localhost' id='1'>"
		query = "<iq xmlns='jabber:client' type='get' id='1' to='localhost'>"
	)
	// each returns a request with n of what is limited
	cases := map[string]struct {
		bound bool
		limit int
		make  func(n int) string
	}{
		"bytes, unauthenticated":      {false, 1 << 10, func(n int) string { return sized(sasl, "</auth>", n) }},
		"elements, unauthenticated":   {false, 8, func(n int) string { return sasl + strings.Repeat("<a/>", n-1) + "</auth>" }},
		"depth, unauthenticated":      {false, 4, func(n int) string { return sasl + nested(n-1) + "</auth>" }},
		"attributes, unauthenticated": {false, 5, func(n int) string { return sasl + "<a" + attributes(n) + "/></auth>" }},
		"bytes":                       {true, 4 << 10, func(n int) string { return sized(msg+"<body>", "</body></message>", n) }},
		"elements":                    {true, 16, func(n int) string { return msg + strings.Repeat("<a/>", n-1) + "</message>" }},
		"depth":                       {true, 6, func(n int) string { return query + nested(n-1) + "</iq>" }},
		"attributes":                  {true, 5, func(n int) string { return query + "<a" + attributes(n) + "/></iq>" }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, transport xmpptest.Transport) {
				client := s.Open(t, transport)
				if c.bound {
					client = s.Dial(t, transport, "alice", "")
				} else {
					client.Open()
				}
				client.Send(c.make(c.limit))
				if got := client.NextElement(); got.Space == stanza.NSStream {
					t.Fatalf("at the limit: %s", got)
				}
				client.Send(c.make(c.limit + 1))
				expectEnd(t, client, stanza.StreamPolicyViolation)
			})
		})
	}
}

// TestConnectionsPerAddress: the limits and one more; a connection that ends
// makes room.
func TestConnectionsPerAddress(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t, func(c *config.Config) {
			c.Limits.ConnectionsPerAddress, c.Limits.UnauthenticatedPerAddress = 3, 2
		})
		first := s.Open(t, xmpptest.TCP)
		first.Open()
		second := s.Open(t, xmpptest.WebSocket)
		second.Open()
		expectRefusal(t, s, transport) // two are not authenticated
		first.Send(plainOfAlice)
		first.NextElement()
		third := s.Open(t, transport)
		third.Open()
		third.Send(plainOfAlice)
		third.NextElement()
		expectRefusal(t, s, transport) // three in all
		second.Disconnect()
		s.Open(t, transport).Open()
	})
}

func expectRefusal(t *testing.T, s *xmpptest.Server, transport xmpptest.Transport) {
	t.Helper()
	if transport == xmpptest.TCP {
		c := s.Open(t, transport)
		expectHeader(t, c)
		expectEnd(t, c, stanza.StreamPolicyViolation)
		return
	}
	_, resp := upgrade(t, s)
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
		t.Errorf("got %s", resp.Status)
	}
}

// upgrade returns a WebSocket whose frames are made by hand.
func upgrade(t *testing.T, s *xmpptest.Server) (*rawConn, *http.Response) {
	t.Helper()
	conn := dialRaw(t, s.Addr("http"))
	conn.send("GET /ws HTTP/1.1\r\nHost: " + s.Addr("http") + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(conn.until("\r\n\r\n"))), nil)
	if err != nil {
		t.Fatal(err)
	}
	return conn, resp
}

// sendFrame sends a frame with a mask of zeros.
func (c *rawConn) sendFrame(first byte, payload string) {
	c.t.Helper()
	c.send(string(clientFrame(first, uint64(len(payload)))) + payload)
}

func clientFrame(first byte, size uint64) []byte {
	b := []byte{first, 0x80}
	switch {
	case size > 0xffff:
		b[1] |= 127
		b = binary.BigEndian.AppendUint64(b, size)
	case size > 125:
		b[1] |= 126
		b = binary.BigEndian.AppendUint16(b, uint16(size))
	default:
		b[1] |= byte(size)
	}
	return append(b, 0, 0, 0, 0)
}

// sendFragments sends text in n frames with pings between.
func (c *rawConn) sendFragments(text string, n int) {
	for i := range n {
		first := byte(0)
		if i == 0 {
			first = 1
		}
		part := text[:1]
		if text = text[1:]; i == n-1 {
			first, part = first|0x80, part+text
		}
		c.sendFrame(first, part)
		c.sendFrame(0x89, "ping")
	}
}

// TestFragments: 32 frames make a message, 33 are too many; control frames
// between them do not count.
func TestFragments(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, _ := upgrade(t, s)
	c.sendFragments(open, 32)
	c.until("</stream:features>")
	c.sendFragments(open, 33)
	if rest := c.rest(); !strings.Contains(rest, "<policy-violation ") || !strings.Contains(rest, closed) || !strings.Contains(rest, "\x88\x02\x03\xf0") {
		t.Errorf("got %q, want policy-violation and code 1008", rest)
	}
}

// TestHugeFrames: a length is believed only as far as bytes come.
func TestHugeFrames(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, size := range []uint64{8<<10 + 1, 1 << 40, 1<<63 - 1} {
		c, _ := upgrade(t, s)
		c.sendFrame(0x81, open)
		c.until("</stream:features>")
		c.send(string(clientFrame(0x81, size)) + strings.Repeat("x", 8<<10+1))
		if rest := c.rest(); !strings.Contains(rest, "<policy-violation ") || !strings.Contains(rest, "\x88\x02\x03\xf1") {
			t.Errorf("%d bytes: got %q, want policy-violation and code 1009", size, rest)
		}
	}
	c, _ := upgrade(t, s)
	c.send(string(clientFrame(0x81, 1<<63))) // RFC 6455 §5.2: the highest bit is 0
	c.rest()
}

// TestFrameErrors: what is no WebSocket ends at once (RFC 6455 §5.1, §5.2).
func TestFrameErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, bytes := range map[string]string{
		"not masked":        "\x81\x01 ",
		"reserved bit":      "\xc1\x81\x00\x00\x00\x00 ",
		"unknown opcode":    "\x83\x80\x00\x00\x00\x00",
		"long ping":         "\x89\xfe\x00\x7e\x00\x00\x00\x00" + strings.Repeat("x", 126),
		"ping in fragments": "\x09\x80\x00\x00\x00\x00",
		"no beginning":      "\x80\x81\x00\x00\x00\x00 ",
		"no end":            "\x01\x81\x00\x00\x00\x00 \x81\x81\x00\x00\x00\x00 ",
		"garbage":           strings.Repeat("\xff", 100),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := upgrade(t, s)
			c.send(bytes)
			c.rest()
		})
	}
}

// TestRate: a client over its rate is read slowly, and others as always.
func TestRate(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) {
		c.Limits.RateStanzas, c.Limits.RateStanzasBurst = 1, 20
	})
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		flooder := s.Dial(t, transport, "alice", "")
		for range 40 {
			flooder.Send("<iq type='get' id='f'><ping xmlns='urn:xmpp:ping'/></iq>")
		}
		other := s.Dial(t, transport, "bob", "")
		other.Drain()
		flooder.Close() // while the server has not read all
	})
}

// TestSlowReader: who does not read what it gets is cut, and what was queued
// goes to storage, in order.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) {
		c.Limits.OutboundQueue, c.Limits.StanzaSize = 256<<10, 128<<10
		c.Limits.RateBytes, c.Limits.RateBytesBurst, c.Limits.RateStanzas, c.Limits.RateStanzasBurst = 0, 0, 0, 0
	})
	slow := bindRaw(t, s, "x")
	slow.send("<presence/>")
	slow.until("</presence>")
	bob := s.Dial(t, xmpptest.TCP, "bob", "")
	body := "<body>" + strings.Repeat("x", 100<<10) + "</body></message>"
	n := 200 // more than all buffers on the way hold
	for i := range n {
		bob.Send(fmt.Sprintf("<message to='alice@localhost' type='chat' id='%d'>", i) + body)
	}
	bob.Drain()
	alice := s.Open(t, xmpptest.TCP)
	alice.Authenticate("alice", xmpptest.Password)
	alice.Send(bindRequest("<resource>x</resource>"))
	for alice.NextElement().Attr("type") == "error" { // the old session has much to hand back
		alice.Send(bindRequest("<resource>x</resource>"))
	}
	alice.Send("<presence/>")
	last, first := -1, true
	for last != n-1 {
		it := alice.Next()
		if it.Tree == nil || it.Tree.Local != "message" {
			continue
		}
		var id int
		if _, err := fmt.Sscan(it.Tree.Attr("id"), &id); err != nil {
			t.Fatal(err)
		}
		if !first && id != last+1 {
			t.Fatalf("message %d after %d", id, last)
		}
		last, first = id, false
	}
	var got bytes.Buffer
	_, _ = io.Copy(&got, slow) // until the end or a reset
	for i := range n {
		if id := fmt.Sprintf("id='%d'", i); !strings.Contains(got.String(), id) && i < firstStored(got.String()) {
			t.Errorf("message %d is lost", i)
		}
	}
}

// firstStored returns the number after the last message that was written whole.
func firstStored(got string) int {
	return strings.Count(got, "</message>")
}
