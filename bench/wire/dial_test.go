package wire

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"127.0.0.1:5222":               "127.0.0.1:5222",
		"localhost:5222":               "127.0.0.1:5222",
		"[::1]:5222":                   "[::1]:5222",
		"127.8.9.1:1":                  "127.8.9.1:1",
		"ws://localhost:5280/x":        "127.0.0.1:5280",
		"ws://127.0.0.1/xmpp":          "127.0.0.1:80",
		"ws://[::1]:80/x":              "[::1]:80",
		"0.0.0.0:5222":                 "",
		"10.0.0.1:5222":                "",
		"example.org:5222":             "",
		"localhost.example.org:5222":   "",
		"wss://127.0.0.1:5281/x":       "",
		"127.0.0.1":                    "",
		"ws://localhost@192.0.2.1:1/x": "",
	} {
		got, err := ParseAddress(address)
		if got.host != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v, want %q", address, got.host, err, want)
		}
		if got.IsWebSocket() != (want != "" && strings.HasPrefix(address, "ws:")) {
			t.Errorf("%s: WebSocket: %v", address, got.IsWebSocket())
		}
	}
}

// TestSources: connections beyond a source's share come from another address.
func TestSources(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := ParseAddress(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for serial, want := range map[int]string{
		0: "127.0.0.1", perSource - 1: "127.0.0.1", perSource: "127.0.0.2", 5 * perSource: "127.0.0.6",
	} {
		c, err := a.Dial(context.Background(), serial, time.Now().Add(10*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got := accepted.RemoteAddr().(*net.TCPAddr).IP.String(); got != want {
			t.Errorf("connection %d comes from %s, want %s", serial, got, want)
		}
		c.Close()
		_ = accepted.Close()
	}
}
