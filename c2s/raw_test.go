package c2s_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"parley/internal/xmpptest"
)

// rawConn is a connection whose bytes are seen as they are.
type rawConn struct {
	net.Conn
	t   *testing.T
	got bytes.Buffer // read and not asked for
}

func dialRaw(t *testing.T, addr string) *rawConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &rawConn{Conn: conn, t: t}
}

func (c *rawConn) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.Conn, text); err != nil {
		c.t.Fatal(err)
	}
}

// until reads up to and including one of marks.
func (c *rawConn) until(marks ...string) string {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(xmpptest.Patience))
	for {
		for _, mark := range marks {
			if before, _, ok := strings.Cut(c.got.String(), mark); ok {
				return string(c.got.Next(len(before) + len(mark)))
			}
		}
		b := make([]byte, 4096)
		n, err := c.Read(b)
		c.got.Write(b[:n])
		if err != nil {
			c.t.Fatalf("got %q and %v, want %q", c.got.String(), err, marks)
		}
	}
}

// rest reads to the end of the connection.
func (c *rawConn) rest() string {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(xmpptest.Patience))
	_, err := c.got.ReadFrom(c.Conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("the connection was not closed; got %q", c.got.String())
	}
	return c.got.String()
}
