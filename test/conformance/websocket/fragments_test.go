package websocket

import (
	"testing"

	"parley/internal/config"
	"parley/internal/xmpptest"
)

// runAll runs each case on a socket of its own.
func runAll(t *testing.T, s *xmpptest.Server, cases map[string]func(*testing.T, *socket)) {
	for name, run := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, bound(t, s))
		})
	}
}

// manyFragments allows as many as the suite wants.
func manyFragments(c *config.Config) { c.Limits.WebSocketFragments = 1 << 20 }

// TestFragmentation is group 5 (RFC 6455 §5.4): fragments make one message,
// control frames may come between them, and nothing else.
func TestFragmentation(t *testing.T) {
	t.Parallel()
	s := start(t, manyFragments)
	const all = 1 << 20
	nothingToContinue := func(first byte, chop int) func(*testing.T, *socket) {
		return func(_ *testing.T, c *socket) {
			frames := encode(first, "non-continuation payload")
			c.chopped(append(frames, encode(fin|text, c.envelope("x"))...), chop)
			c.expectClose(1002)
		}
	}
	withPing := func(chop int) func(*testing.T, *socket) {
		return func(_ *testing.T, c *socket) {
			e := c.envelope("fragment1fragment2")
			frames := encode(text, e[:40])
			frames = append(frames, encode(fin|ping, "ping")...)
			c.chopped(append(frames, encode(fin|continuation, e[40:])...), chop)
			c.expect(fin|pong, "ping")
			c.echoed(e)
		}
	}
	inTwo := func(chop int) func(*testing.T, *socket) {
		return func(_ *testing.T, c *socket) {
			e := c.envelope("fragment1fragment2")
			c.chopped(fragments(e, len(e)/2+1), chop)
			c.echoed(e)
		}
	}
	runAll(t, s, map[string]func(*testing.T, *socket){
		"5.1 ping in fragments": func(_ *testing.T, c *socket) {
			c.Send(string(append(encode(ping, "1"), encode(fin|continuation, "2")...)))
			c.expectClose(1002)
		},
		"5.2 pong in fragments": func(_ *testing.T, c *socket) {
			c.Send(string(append(encode(pong, "1"), encode(fin|continuation, "2")...)))
			c.expectClose(1002)
		},
		"5.3": inTwo(all), "5.4": inTwo(11), "5.5": inTwo(1),
		"5.6": withPing(all), "5.7": withPing(9), "5.8": withPing(1),
		"5.9": nothingToContinue(fin|continuation, all), "5.10": nothingToContinue(fin|continuation, 13), "5.11": nothingToContinue(fin|continuation, 1),
		"5.12": nothingToContinue(continuation, all), "5.13": nothingToContinue(continuation, 13), "5.14": nothingToContinue(continuation, 1),
		"5.15 a continuation after a whole message": func(_ *testing.T, c *socket) {
			e := c.envelope("fragment1fragment2")
			c.Send(string(fragments(e, 60)))
			c.echoed(e)
			c.Send(string(append(encode(continuation, "fragment3"), encode(fin|text, c.envelope("fragment4"))...)))
			c.expectClose(1002)
		},
		"5.16": func(_ *testing.T, c *socket) {
			c.Send(string(append(encode(continuation, "fragment1"), fragments(c.envelope("x"), 50)...)))
			c.expectClose(1002)
		},
		"5.17": func(_ *testing.T, c *socket) {
			c.Send(string(append(encode(fin|continuation, "fragment1"), fragments(c.envelope("x"), 50)...)))
			c.expectClose(1002)
		},
		"5.18 a message within a message": func(_ *testing.T, c *socket) {
			c.Send(string(append(encode(text, "<a>"), encode(fin|text, c.envelope("x"))...)))
			c.expectClose(1002)
		},
		"5.19": func(_ *testing.T, c *socket) { fiveFragments(c, all) },
		"5.20": func(_ *testing.T, c *socket) { fiveFragments(c, 1) },
	})
}

// fiveFragments sends two pings between fragments, and waits for the first pong
// in the middle of the message.
func fiveFragments(c *socket, chop int) {
	e := c.envelope("fragment1fragment2fragment3fragment4fragment5")
	n := len(e) / 5
	frames := encode(text, e[:n])
	frames = append(frames, encode(continuation, e[n:2*n])...)
	c.chopped(append(frames, encode(fin|ping, "pongme 1!")...), chop)
	c.expect(fin|pong, "pongme 1!")
	frames = encode(continuation, e[2*n:3*n])
	frames = append(frames, encode(continuation, e[3*n:4*n])...)
	frames = append(frames, encode(fin|ping, "pongme 2!")...)
	c.chopped(append(frames, encode(fin|continuation, e[4*n:])...), chop)
	c.expect(fin|pong, "pongme 2!")
	c.echoed(e)
}
