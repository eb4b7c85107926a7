package websocket

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/xmpptest"
)

// codeOfBadReason is not 1007 as RFC 6455 §7.4.1 has it: nobody reads the reason.
const codeOfBadReason = 1000

// TestClose is group 7 (RFC 6455 §5.5.1, §7): how a client may close.
func TestClose(t *testing.T) {
	t.Parallel()
	s := start(t)
	cases := map[string]func(*testing.T, *socket){
		"7.1.1 after a message": func(_ *testing.T, c *socket) {
			c.alive()
			c.frame(fin|closing, closePayload(1000, ""))
			c.expectClose(1000)
		},
		"7.1.2 twice": func(_ *testing.T, c *socket) {
			c.Send(strings.Repeat(string(encode(fin|closing, closePayload(1000, ""))), 2))
			c.expectClose(1000)
		},
		"7.1.3 ping after close": func(t *testing.T, c *socket) { c.afterClose(encode(fin|ping, "no pong")) },
		"7.1.4 message after close": func(t *testing.T, c *socket) {
			c.afterClose(encode(fin|text, c.envelope("no echo")))
		},
		"7.1.5 close within a message": func(t *testing.T, c *socket) {
			e := c.envelope("no echo")
			c.Send(string(encode(text, e[:20])))
			c.afterClose(encode(fin|continuation, e[20:]))
		},
		"7.1.6 after a long message": func(_ *testing.T, c *socket) {
			e := c.sized(200 << 10)
			c.frame(fin|text, e)
			c.echoed(e)
			c.Send(string(append(encode(fin|closing, closePayload(1000, "")), encode(fin|ping, "")...)))
			c.expectClose(1000)
		},
		"7.3.1 no payload": func(_ *testing.T, c *socket) {
			c.frame(fin|closing, "")
			c.expectCloseOf(1000, 1005)
		},
		"7.3.2 half a code": func(_ *testing.T, c *socket) {
			c.frame(fin|closing, "\x03")
			c.expectClose(1002)
		},
		"7.3.4 a reason": func(_ *testing.T, c *socket) {
			c.frame(fin|closing, closePayload(1000, "Hello World!"))
			c.expectClose(1000)
		},
		"7.3.5 a long reason": func(_ *testing.T, c *socket) {
			c.frame(fin|closing, closePayload(1000, strings.Repeat("*", 123)))
			c.expectClose(1000)
		},
		"7.3.6 too long a reason": func(_ *testing.T, c *socket) {
			c.frame(fin|closing, closePayload(1000, strings.Repeat("*", 124)))
			c.expectClose(1002)
		},
		"7.5.1 a reason that is not UTF-8": func(_ *testing.T, c *socket) {
			c.frame(fin|closing, closePayload(1000, "\xce\xba\xed\xa0\x80"))
			c.expectClose(codeOfBadReason)
		},
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		cases[fmt.Sprintf("7.7 code %d", code)] = func(_ *testing.T, c *socket) {
			c.frame(fin|closing, closePayload(code, ""))
			c.expectClose(code)
		}
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999} {
		cases[fmt.Sprintf("7.9 code %d", code)] = func(_ *testing.T, c *socket) {
			c.frame(fin|closing, closePayload(code, ""))
			c.expectClose(1002)
		}
	}
	for _, code := range []int{5000, 65535} {
		cases[fmt.Sprintf("7.13 code %d", code)] = func(_ *testing.T, c *socket) {
			c.frame(fin|closing, closePayload(code, ""))
			c.expectClose(1002)
		}
	}
	runAll(t, s, cases)
}

// afterClose closes, goes on as one must not, and gets the close frame alone.
func (c *socket) afterClose(frames []byte) {
	c.t.Helper()
	c.Send(string(append(encode(fin|closing, closePayload(1000, "")), frames...)))
	if m := c.expectClose(1000); len(m) > 0 {
		c.t.Errorf("got %q", m)
	}
}

// expectCloseOf takes either code.
func (c *socket) expectCloseOf(a, b int) {
	c.t.Helper()
	first, payload, ok := c.next()
	if !ok || first != fin|closing || payload != "" && payload != closePayload(a, "") && payload != closePayload(b, "") {
		c.t.Errorf("got frame %x %q", first, payload)
	}
	if rest := c.Rest(); rest != "" {
		c.t.Errorf("after the close frame: %q", rest)
	}
}

// TestClosedWithoutClose: RFC 7395 §3.6: the session ends with the WebSocket,
// and its contacts are told.
func TestClosedWithoutClose(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.AddUser(t, "bob")
	s.AddContact(t, "alice", "bob", "both")
	bob := s.Dial(t, xmpptest.TCP, "bob", "")
	bob.Send("<presence/>")
	bob.Drain()
	c := bound(t, s)
	c.frame(fin|text, "<presence xmlns='jabber:client'/>")
	bob.Expect("<presence from='" + c.jid + "' to='bob@localhost'/>")
	c.frame(fin|closing, closePayload(1000, ""))
	bob.Expect("<presence type='unavailable' from='" + c.jid + "' to='bob@localhost'/>")
}

// TestCloseCodes: RFC 6455 §7.4.1: which code the server closes with. 1011 goes
// with <internal-server-error/>, which no client can bring about.
func TestCloseCodes(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Limits.StanzaSize = 10_000 })
	deep := strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000)
	runAll(t, s, map[string]func(*testing.T, *socket){
		"1000 after the end of the stream": func(_ *testing.T, c *socket) {
			c.frame(fin|text, closed)
			c.expectClose(1000)
		},
		"1000 after a stream error": func(_ *testing.T, c *socket) {
			c.frame(fin|text, "<unknown xmlns='urn:x'/>")
			c.expectClose(1000)
		},
		"1002 for broken frames": func(_ *testing.T, c *socket) {
			c.frame(fin|0x70|text, "x")
			c.expectClose(1002)
		},
		"1003 for binary data": func(_ *testing.T, c *socket) {
			c.frame(fin|binaryData, "x")
			c.expectClose(1003)
		},
		"1007 for text that is not UTF-8": func(_ *testing.T, c *socket) {
			c.frame(fin|text, c.envelope("\xff"))
			c.expectClose(1007)
		},
		"1008 for what breaks a rule": func(_ *testing.T, c *socket) {
			c.frame(fin|text, c.envelope(deep))
			c.expectClose(1008)
		},
		"1009 for a message too big": func(_ *testing.T, c *socket) {
			c.frame(fin|text, c.sized(10_001))
			c.expectClose(1009)
		},
		"none at the limit": func(_ *testing.T, c *socket) {
			e := c.sized(10_000)
			c.frame(fin|text, e)
			c.echoed(e)
		},
	})
	t.Run("1001 when the server stops", func(t *testing.T) {
		t.Parallel()
		own := start(t)
		c := bound(t, own)
		stopped := make(chan struct{})
		go func() { defer close(stopped); own.Stop(t) }()
		for { // the client ends its side of the stream when it is told
			if m := c.message(); strings.HasPrefix(m, "<close ") {
				break
			}
		}
		c.frame(fin|text, closed)
		c.expectClose(1001)
		<-stopped
	})
}
