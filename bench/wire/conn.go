package wire

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// Conn is a client's connection. One goroutine reads; any may send.
type Conn struct {
	net     net.Conn
	framing framing

	// owned by the reader
	in         []byte // in[start:end] has arrived and is not consumed
	start, end int
	extended   time.Time // when Extend last set the deadline

	mu  sync.Mutex
	out []byte // guarded by mu
}

// framing is what differs between the transports.
type framing interface {
	// header begins a stream (RFC 6120 §4.2, RFC 7395 §3.4).
	header(domain string) []byte
	// trailer ends it (RFC 6120 §4.4, RFC 7395 §3.6).
	trailer() string
	// namespace is what a stanza's start tag must declare, with a leading space.
	namespace() string
	appendElement(dst, element []byte) []byte
	// cut takes the first item off b, of which it uses n bytes.
	cut(b []byte) (it item, n int, err error)
	// restart expects the header of a new stream (RFC 6120 §4.3.3).
	restart()
}

// item is what arrived. Its element points into the read buffer.
type item struct {
	kind    itemKind
	element []byte
}

type itemKind uint8

const (
	needMore itemKind = iota // there is no whole item yet
	anElement
	aPing  // element is the payload to send back
	aClose // the stream or the connection has ended
	nothing
)

// ErrClosed says that the server closed the stream in order.
var ErrClosed = errors.New("the server closed the stream")

// errTooLong bounds what a broken server can make the generator hold.
var errTooLong = errors.New("an element is longer than 16 MiB")

const (
	inSize   = 512
	minSize  = 128 // of an idle connection
	maxInput = 16 << 20
)

func newConn(conn net.Conn, f framing) *Conn {
	return &Conn{net: conn, framing: f, in: make([]byte, inSize)}
}

// Open sends a stream header. The answer is the next element.
func (c *Conn) Open(domain string) error {
	c.framing.restart()
	return c.Send(c.framing.header(domain))
}

// Namespace is what the start tag of a stanza must declare on this transport.
func (c *Conn) Namespace() string { return c.framing.namespace() }

// Send writes one element in one system call.
func (c *Conn) Send(element []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = c.framing.appendElement(c.out[:0], element)
	_, err := c.net.Write(c.out)
	return err
}

// Next waits for the next element. It is valid until the next call.
func (c *Conn) Next() ([]byte, error) {
	for {
		it, n, err := c.framing.cut(c.in[c.start:c.end])
		if err != nil {
			return nil, err
		}
		c.start += n
		switch it.kind {
		case anElement:
			return it.element, nil
		case aClose:
			return nil, ErrClosed
		case aPing:
			err = c.pong(it.element)
		case needMore:
			err = c.fill()
		}
		if err != nil {
			return nil, err
		}
	}
}

// fill reads more, after making room for it.
func (c *Conn) fill() error {
	switch {
	case c.start == c.end:
		c.start, c.end = 0, 0
	case c.end == len(c.in) && c.start > 0:
		c.end = copy(c.in, c.in[c.start:c.end])
		c.start = 0
	case c.end == len(c.in) && c.end >= maxInput:
		return errTooLong
	case c.end == len(c.in):
		c.in = append(c.in, make([]byte, len(c.in))...)
	}
	n, err := c.net.Read(c.in[c.end:])
	c.end += n
	if n > 0 {
		return nil
	}
	return err
}

// pong answers a WebSocket ping (RFC 6455 §5.5.3).
func (c *Conn) pong(payload []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = appendFrame(c.out[:0], opPong, payload)
	_, err := c.net.Write(c.out)
	return err
}

// Shrink lets go of the room that logging in needed.
func (c *Conn) Shrink() {
	in := make([]byte, max(minSize, c.end-c.start))
	c.start, c.end, c.in = 0, copy(in, c.in[c.start:c.end]), in
	c.mu.Lock()
	c.out = nil
	c.mu.Unlock()
}

// Deadline makes reading and writing fail after at; zero: never.
func (c *Conn) Deadline(at time.Time) { _ = c.net.SetDeadline(at) } // fails only when closed

// Extend makes reading fail when nothing is heard for a while. It may be
// called for every element: it acts once a second.
func (c *Conn) Extend(now time.Time, patience time.Duration) {
	if now.Sub(c.extended) < time.Second {
		return
	}
	c.extended = now
	_ = c.net.SetReadDeadline(now.Add(patience))
}

// End closes the stream in order and waits, up to the deadline, until the
// server has closed it too.
func (c *Conn) End() error {
	defer c.Close()
	if err := c.Send([]byte(c.framing.trailer())); err != nil {
		return err
	}
	for {
		switch _, err := c.Next(); {
		case errors.Is(err, ErrClosed):
			return nil
		case err != nil:
			return fmt.Errorf("waiting for the server to close the stream: %w", err)
		}
	}
}

// Close cuts the connection.
func (c *Conn) Close() { _ = c.net.Close() }

// TimedOut reports whether err comes from a deadline.
func TimedOut(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
