package c2s_test

import (
	"testing"

	"go.uber.org/goleak"

	"parley/internal/config"
	"parley/internal/xmpptest"
	"parley/stanza"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clear are the transports that need no TLS on loopback.
var clear = []xmpptest.Transport{xmpptest.WebSocket, xmpptest.TCP}

// start runs a server with the accounts alice and bob.
func start(t testing.TB, change ...func(*config.Config)) *xmpptest.Server {
	t.Helper()
	s := xmpptest.Start(t, xmpptest.Options{Change: func(c *config.Config) {
		c.Limits.ConnectionsPerAddress, c.Limits.UnauthenticatedPerAddress = 0, 0 // all tests come from one
		for _, f := range change {
			f(c)
		}
	}})
	s.AddUser(t, "alice")
	s.AddUser(t, "bob")
	return s
}

// onEach runs f on WebSocket and on TCP.
func onEach(t *testing.T, f func(*testing.T, xmpptest.Transport)) {
	for _, transport := range clear {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			f(t, transport)
		})
	}
}

// expectEnd reads a stream error with this condition, the end of the stream and
// that of the connection (RFC 6120 §4.9.1).
func expectEnd(t *testing.T, c *xmpptest.Client, condition stanza.StreamCondition) {
	t.Helper()
	it := c.Next()
	if it.Kind != xmpptest.Element || !it.Tree.Is(stanza.NSStream, "error") {
		t.Fatalf("got %q, want a stream error %s", it.Text, condition)
	}
	if it.Tree.Child(stanza.NSStreamErrors, string(condition)) == nil {
		t.Errorf("got %s, want %s", it.Text, condition)
	}
	if it = c.Next(); it.Kind != xmpptest.Close {
		t.Fatalf("got %q after the error, want the end of the stream", it.Text)
	}
	if it = c.Next(); it.Kind != xmpptest.Gone {
		t.Fatalf("got %q after the end of the stream, want the end of the connection", it.Text)
	}
}

func expectHeader(t *testing.T, c *xmpptest.Client) xmpptest.Item {
	t.Helper()
	it := c.Next()
	if it.Kind != xmpptest.Header {
		t.Fatalf("got %q, want our stream header first", it.Text)
	}
	return it
}
