package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Address is where a server listens: on this machine, always.
type Address struct {
	host string   // host:port to connect to
	ws   *url.URL // nil: TCP
}

// ParseAddress reads "ws://host:port/path", or "host:port" for TCP. Other
// machines are refused: this is a load generator.
func ParseAddress(s string) (Address, error) {
	a := Address{host: s}
	if u, err := url.Parse(s); err == nil && u.Scheme == "ws" {
		a.host, a.ws = u.Host, u
		if u.Port() == "" {
			a.host = net.JoinHostPort(u.Hostname(), "80")
		}
	}
	host, port, err := net.SplitHostPort(a.host)
	if err != nil {
		return Address{}, fmt.Errorf("%q is neither ws://host:port/path nor host:port", s)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return Address{}, fmt.Errorf("%s is not a loopback address: the load generator loads only servers on this machine", host)
	}
	a.host = net.JoinHostPort(host, port)
	return a, nil
}

// IsWebSocket tells which transport the address is for.
func (a Address) IsWebSocket() bool { return a.ws != nil }

// perSource is how many connections one source address may have: less than the
// ports that Linux gives out (net.ipv4.ip_local_port_range).
const perSource = 20_000

// Dial connects. serial numbers the connections of a run: beyond the first
// 20,000 they come from further addresses of 127.0.0.0/8.
func (a Address) Dial(ctx context.Context, serial int, deadline time.Time) (*Conn, error) {
	d := net.Dialer{Deadline: deadline, LocalAddr: source(serial), Control: shareSource, KeepAlive: -1}
	conn, err := d.DialContext(ctx, "tcp", a.host)
	if err != nil {
		return nil, dialError(a.host, err)
	}
	_ = conn.SetDeadline(deadline) // fails only when closed
	if a.ws == nil {
		return TCP(conn), nil
	}
	c, err := WebSocket(conn, a.ws)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

func source(serial int) net.Addr {
	n := serial / perSource
	if n == 0 {
		return nil
	}
	return &net.TCPAddr{IP: net.IPv4(127, 0, byte((1+n)>>8), byte(1+n))}
}

func dialError(host string, err error) error {
	switch {
	case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("no file descriptors are left for another connection: raise the limit (ulimit -n), or use fewer users: %w", err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("no local ports are left: wait a minute for old connections to be forgotten, or use fewer users: %w", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nobody listens on %s: is the server running?", host)
	}
	return fmt.Errorf("connecting: %w", err)
}
