package tls_test

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// relay is somebody in the middle of a direct TLS connection (XEP-0368): it ends
// the client's TLS with its own certificate, opens its own to the server, and
// passes on what is said, changed if it likes.
type relay struct {
	net.Listener
	own    *tls.Config              // towards clients; nil: it passes the encrypted bytes on
	change func(said string) string // what the server said
	server string
	busy   sync.WaitGroup
}

func middle(t *testing.T, server string, own *tls.Config, change func(string) string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: l, own: own, change: change, server: server}
	r.busy.Go(r.serve)
	t.Cleanup(func() { l.Close(); r.busy.Wait() })
	return r
}

func (r *relay) serve() {
	for {
		client, err := r.Accept()
		if err != nil {
			return
		}
		r.busy.Go(func() { r.pass(client) })
	}
}

func (r *relay) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", r.server)
	if err != nil {
		return
	}
	defer server.Close()
	if r.own != nil {
		client = tls.Server(client, r.own)
		server = tls.Client(server, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"xmpp-client"}}) //nolint:gosec // it does not mind
	}
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(server, client); server.Close() })
	both.Go(func() { r.back(client, server); client.Close() })
	both.Wait()
}

// back passes on what the server says, in pieces as they come.
func (r *relay) back(client io.Writer, server io.Reader) {
	b := make([]byte, 64<<10)
	for {
		n, err := server.Read(b)
		said := string(b[:n])
		if r.change != nil {
			said = r.change(said)
		}
		if _, failed := io.WriteString(client, said); err != nil || failed != nil {
			return
		}
	}
}

// withoutPlus takes away whatever could be bound.
func withoutPlus(said string) string {
	for _, m := range []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"} {
		said = strings.ReplaceAll(said, "<mechanism>"+m+"</mechanism>", "")
	}
	return said
}
