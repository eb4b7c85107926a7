package c2s_test

import (
	"net/netip"
	"strings"
	"testing"

	"parley/internal/config"
)

func behind(proxy string) func(*config.Config) {
	return func(c *config.Config) {
		c.C2S.ProxyProtocol = true
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(proxy)}
	}
}

// v2 is a header of version 2: PROXY or LOCAL, TCP over IPv4.
func v2(command byte, source string) string {
	a := netip.MustParseAddr(source).As4()
	return "\r\n\r\n\x00\r\nQUIT\n" + string([]byte{0x20 | command, 0x11, 0, 12}) + string(a[:]) + "\x7f\x00\x00\x01\x10\x00\x14\x66"
}

// TestProxyProtocol: from a trusted proxy the line says who the client is. It
// never makes a client one of this machine, which could log in without TLS.
func TestProxyProtocol(t *testing.T) {
	t.Parallel()
	s := start(t, behind("127.0.0.1/32"))
	for name, line := range map[string]string{
		"version 1":            "PROXY TCP4 192.0.2.1 127.0.0.1 4000 5222\r\n",
		"version 1, IPv6":      "PROXY TCP6 2001:db8::1 ::1 4000 5222\r\n",
		"version 1, loopback":  "PROXY TCP4 127.0.0.1 127.0.0.1 4000 5222\r\n",
		"version 1, unknown":   "PROXY UNKNOWN\r\n",
		"version 2":            v2(1, "192.0.2.1"),
		"version 2, loopback":  v2(1, "127.0.0.1"),
		"version 2, no client": v2(0, "127.0.0.1"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dialRaw(t, s.Addr("c2s"))
			c.send(line + header)
			check(t, c.until("</stream:features>"), []string{"<required/>"}, []string{"mechanism"})
		})
	}
	for name, line := range map[string]string{"no line": "", "half a line": "PROXY TCP4 192.0.2.1\r\n", "nonsense": "PROXY TCP4 a b c d\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dialRaw(t, s.Addr("c2s"))
			c.send(line + header)
			if rest := c.rest(); strings.Contains(rest, "features") {
				t.Errorf("got %s", rest)
			}
		})
	}
}

// TestProxyProtocolFromOthers: who is not trusted speaks for itself.
func TestProxyProtocolFromOthers(t *testing.T) {
	t.Parallel()
	s := start(t, behind("192.0.2.0/24"))
	direct := dialRaw(t, s.Addr("c2s"))
	direct.send(header)
	check(t, direct.until("</stream:features>"), []string{"PLAIN"}, nil)
	spoof := dialRaw(t, s.Addr("c2s"))
	spoof.send("PROXY TCP4 198.51.100.1 127.0.0.1 4000 5222\r\n" + header)
	if rest := spoof.rest(); !strings.Contains(rest, "<not-well-formed ") {
		t.Errorf("got %s", rest)
	}
}

// TestShutdownBeforeProxyLine: a proxy that connects and says nothing does not
// hold up the end.
func TestShutdownBeforeProxyLine(t *testing.T) {
	t.Parallel()
	s := start(t, behind("127.0.0.1/32"))
	silent := dialRaw(t, s.Addr("c2s"))
	later := dialRaw(t, s.Addr("c2s"))
	later.send("PROXY UNKNOWN\r\n" + header)
	later.until("</stream:features>") // so the one before was accepted
	s.Stop(t)
	if rest := silent.rest(); rest != "" {
		t.Errorf("got %q", rest)
	}
}

// TestShutdownWithDeadPeer: a client that reads nothing is given the grace
// time, no more.
func TestShutdownWithDeadPeer(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) {
		c.Limits.OutboundQueue = 64 << 20
		c.Limits.RateBytes, c.Limits.RateStanzas = 0, 0
	})
	dead := bindRaw(t, s, "x")
	dead.send("<presence/>")
	dead.until("</presence>")
	bob := s.Dial(t, "tcp", "bob", "")
	text := "<message to='alice@localhost' type='chat'><body>" + strings.Repeat("x", 200<<10) + "</body></message>"
	for range 60 { // more than all buffers on the way hold
		bob.Send(text)
	}
	bob.Drain()
	bob.Disconnect()
	s.Stop(t)
}
