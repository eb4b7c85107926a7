package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"parley/bench/wire"
)

// Address is where a server listens: one or both are set.
type Address struct {
	TCP       string // host:port
	WebSocket string // ws://host:port/path
}

// link is a connection that can be told to break.
type link struct {
	net.Conn

	mu  sync.Mutex
	cut int // guarded by mu; bytes that still go out, -1: all
}

var errCut = errors.New("cut by the campaign")

// Write implements net.Conn.
func (l *link) Write(b []byte) (int, error) {
	l.mu.Lock()
	cut := l.cut
	l.mu.Unlock()
	if cut < 0 || cut >= len(b) {
		return l.Conn.Write(b)
	}
	n, _ := l.Conn.Write(b[:cut]) // it is cut in any case
	_ = l.Close()
	return n, errCut
}

// cutNext ends the connection in the middle of the next thing that is written.
func (l *link) cutNext(after int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = after
}

// abandon makes reading and writing fail and leaves the connection open.
func (l *link) abandon() { _ = l.SetDeadline(time.Unix(1, 0)) } // fails only when closed

// dial connects by one of the transports.
func (a Address) dial(ctx context.Context, webSocket bool, deadline time.Time) (*wire.Conn, *link, error) {
	host, u := a.TCP, (*url.URL)(nil)
	if webSocket && a.WebSocket != "" || a.TCP == "" {
		var err error
		if u, err = url.Parse(a.WebSocket); err != nil {
			return nil, nil, fmt.Errorf("client: %w", err)
		}
		host = u.Host
	}
	d := net.Dialer{Deadline: deadline, KeepAlive: -1}
	conn, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, nil, fmt.Errorf("client: %w", err)
	}
	l := &link{Conn: conn, cut: -1}
	_ = conn.SetDeadline(deadline) // fails only when closed
	if u == nil {
		return wire.TCP(l), l, nil
	}
	w, err := wire.WebSocket(l, u)
	if err != nil {
		_ = conn.Close()
		return nil, nil, fmt.Errorf("client: %w", err)
	}
	return w, l, nil
}

// Probe tells whether the server at the address answers a stream header.
func Probe(ctx context.Context, a Address, webSocket bool, domain string, deadline time.Time) error {
	w, l, err := a.dial(ctx, webSocket, deadline)
	if err != nil {
		return err
	}
	defer l.Close()
	if err := w.Open(domain); err != nil {
		return fmt.Errorf("client: probe: %w", err)
	}
	if _, err := w.Next(); err != nil {
		return fmt.Errorf("client: probe: %w", err)
	}
	return nil
}
