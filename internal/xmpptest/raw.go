package xmpptest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// Raw is a connection whose bytes are seen as they are. Its methods fail the
// test when the server does not do its part. One goroutine uses it.
type Raw struct {
	net.Conn
	t   testing.TB
	got bytes.Buffer // read and not asked for
}

// DialRaw connects to a listener: http, c2s or c2s-tls.
func (s *Server) DialRaw(t testing.TB, listener string) *Raw {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr(listener))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &Raw{Conn: conn, t: t}
}

// Secure runs the client's side of a TLS handshake.
func (r *Raw) Secure(cfg *tls.Config) *Raw {
	r.t.Helper()
	conn := tls.Client(r.Conn, cfg)
	if err := conn.HandshakeContext(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	return &Raw{Conn: conn, t: r.t}
}

// Send writes text.
func (r *Raw) Send(text string) {
	r.t.Helper()
	if _, err := io.WriteString(r.Conn, text); err != nil {
		r.t.Fatal(err)
	}
}

// Until reads up to and including the mark.
func (r *Raw) Until(mark string) string {
	r.t.Helper()
	for !bytes.Contains(r.got.Bytes(), []byte(mark)) {
		if err := r.more(); err != nil {
			r.t.Fatalf("got %q and %v, want %q", r.got.String(), err, mark)
		}
	}
	before, _, _ := strings.Cut(r.got.String(), mark)
	return string(r.got.Next(len(before) + len(mark)))
}

// ReadN reads n bytes; fewer if the connection ends before.
func (r *Raw) ReadN(n int) []byte {
	r.t.Helper()
	for r.got.Len() < n && r.more() == nil {
	}
	return bytes.Clone(r.got.Next(n))
}

// Rest reads to the end of the connection.
func (r *Raw) Rest() string {
	r.t.Helper()
	for {
		switch err := r.more(); {
		case errors.Is(err, os.ErrDeadlineExceeded):
			r.t.Fatalf("the connection was not closed; got %q", r.got.String())
		case err != nil:
			return r.got.String()
		}
	}
}

func (r *Raw) more() error {
	_ = r.SetReadDeadline(time.Now().Add(Patience))
	b := make([]byte, 32<<10)
	n, err := r.Read(b)
	r.got.Write(b[:n])
	if n > 0 {
		return nil
	}
	return err
}
