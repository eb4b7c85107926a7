package xmpptest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/coder/websocket"

	"parley/stanza"
)

// Transport is how a client reaches the server.
type Transport string

// The transports.
const (
	WebSocket Transport = "websocket" // RFC 7395
	TCP       Transport = "tcp"       // RFC 6120, without TLS: loopback
	DirectTLS Transport = "tls"       // XEP-0368
)

// link is the framing under a client: it reads and writes whole items.
type link interface {
	// open sends a stream header with the attributes.
	open(attrs string) error
	// write sends text as it is: one message or a part of the stream.
	write(text string) error
	// end sends the end of the stream.
	end() error
	// read returns the next item; io.EOF when the server has closed the
	// connection.
	read() (Item, error)
	close() error
}

// Kind says what an Item is.
type Kind uint8

// The kinds.
const (
	Element Kind = iota // a stanza or another element of the stream
	Header              // the server's stream header
	Close               // the end of the stream
	Gone                // the end of the connection
)

// Item is one thing that came from the server.
type Item struct {
	Kind Kind
	Text string          // as it came
	Tree *stanza.Element // of an Element; of a Header the attributes only
}

// errUnframed is a message that breaks RFC 7395 or RFC 6120.
var errUnframed = errors.New("xmpptest: not one element")

// wsLink is one element per message (RFC 7395 §3.3).
type wsLink struct {
	conn *websocket.Conn
	ctx  context.Context // ends reads and writes with the test
}

func dialWebSocket(ctx context.Context, url string) (link, error) {
	conn, resp, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{"xmpp"}})
	if err != nil {
		return nil, fmt.Errorf("xmpptest: dial %s: %w", url, err)
	}
	if resp.Header.Get("Sec-WebSocket-Protocol") != "xmpp" {
		return nil, errors.Join(errors.New("xmpptest: the server did not choose the subprotocol xmpp"), conn.CloseNow())
	}
	conn.SetReadLimit(-1)
	return &wsLink{conn: conn, ctx: ctx}, nil
}

func (l *wsLink) open(attrs string) error {
	return l.write("<open xmlns='" + stanza.NSFraming + "' " + attrs + "/>")
}

func (l *wsLink) end() error { return l.write("<close xmlns='" + stanza.NSFraming + "'/>") }

func (l *wsLink) write(text string) error {
	return l.conn.Write(l.ctx, websocket.MessageText, []byte(declare(text)))
}

// declare adds the namespace that each message needs of its own (RFC 7395
// §3.3.3), so that one transcript serves both transports.
func declare(text string) string {
	for _, name := range []string{"message", "presence", "iq"} {
		rest, ok := strings.CutPrefix(text, "<"+name)
		if !ok || rest == "" || !strings.ContainsRune(" \t\n/>", rune(rest[0])) {
			continue
		}
		tag, _, _ := strings.Cut(rest, ">")
		if !strings.Contains(tag, " xmlns=") {
			return "<" + name + " xmlns='" + stanza.NSClient + "'" + rest
		}
	}
	return text
}

func (l *wsLink) read() (Item, error) {
	typ, data, err := l.conn.Read(l.ctx)
	if websocket.CloseStatus(err) != -1 || errors.Is(err, io.EOF) {
		return Item{}, io.EOF
	}
	if err != nil {
		return Item{}, err
	}
	if typ != websocket.MessageText {
		return Item{}, errUnframed
	}
	tree, err := stanza.ParseIn(data, noScope) // each message stands for itself
	if err != nil {
		return Item{}, fmt.Errorf("%w: %q: %w", errUnframed, data, err)
	}
	it := Item{Kind: Element, Text: string(data), Tree: tree}
	switch {
	case tree.Is(stanza.NSFraming, "open"):
		it.Kind = Header
	case tree.Is(stanza.NSFraming, "close"):
		it.Kind = Close
	}
	return it, nil
}

func (l *wsLink) close() error { return l.conn.CloseNow() }

// noScope declares nothing at all, so that an element without a namespace of
// its own is seen to have none.
var noScope = func() *stanza.Header {
	h, err := stanza.ParseHeader([]byte("<s:stream xmlns:s='" + stanza.NSStream + "'>"))
	if err != nil {
		panic(err)
	}
	return h
}()

// tcpLink is one long document in each direction.
type tcpLink struct {
	conn     net.Conn
	splitter stanza.Splitter
	header   *stanza.Header
	buf      []byte
}

func dialTCP(ctx context.Context, addr string) (link, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("xmpptest: %w", err)
	}
	return &tcpLink{conn: conn}, nil
}

func dialTLS(ctx context.Context, addr, domain string) (link, error) {
	d := tls.Dialer{Config: &tls.Config{
		ServerName: domain, NextProtos: []string{"xmpp-client"},
		InsecureSkipVerify: true, // #nosec G402 -- the server's own certificate
	}}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("xmpptest: %w", err)
	}
	return &tcpLink{conn: conn}, nil
}

// open begins a stream; after authentication, anew on the same connection.
// Both sides start over only when the server's next header comes, and nothing
// comes between, so the reader sees that by itself.
func (l *tcpLink) open(attrs string) error {
	return l.write("<?xml version='1.0'?><stream:stream xmlns='" + stanza.NSClient +
		"' xmlns:stream='" + stanza.NSStream + "' " + attrs + ">")
}

func (l *tcpLink) end() error { return l.write("</stream:stream>") }

func (l *tcpLink) write(text string) error {
	_, err := io.WriteString(l.conn, text)
	return err
}

func (l *tcpLink) read() (Item, error) {
	for {
		kind, n, err := l.splitter.Next(l.buf)
		if err != nil {
			return Item{}, fmt.Errorf("%w: %q: %w", errUnframed, l.buf, err)
		}
		raw := l.buf[:n]
		l.buf = l.buf[n:]
		switch kind {
		case stanza.StreamOpen:
			return l.opened(raw)
		case stanza.StreamClose:
			return Item{Kind: Close, Text: string(raw)}, nil
		case stanza.Stanza:
			return l.element(raw)
		case stanza.NeedMore:
			if err := l.fill(); err != nil {
				return Item{}, err
			}
		}
	}
}

func (l *tcpLink) opened(raw []byte) (Item, error) {
	h, err := stanza.ParseHeader(raw)
	if err != nil {
		return Item{}, fmt.Errorf("%w: %q: %w", errUnframed, raw, err)
	}
	l.header = h
	tree := stanza.New(stanza.NSStream, "stream")
	for _, a := range [][2]string{{"from", h.From}, {"to", h.To}, {"id", h.ID}, {"version", h.Version}, {"xml:lang", h.Lang}} {
		if a[1] != "" {
			tree.Set(a[0], a[1])
		}
	}
	return Item{Kind: Header, Text: string(raw), Tree: tree}, nil
}

func (l *tcpLink) element(raw []byte) (Item, error) {
	tree, err := stanza.ParseIn(raw, l.header)
	if err != nil {
		return Item{}, fmt.Errorf("%w: %q: %w", errUnframed, raw, err)
	}
	if tree.Is(stanza.NSSASL, "success") { // RFC 6120 §6.4.6: a new stream follows
		l.splitter.Reset()
	}
	return Item{Kind: Element, Text: string(raw), Tree: tree}, nil
}

func (l *tcpLink) fill() error {
	b := make([]byte, 4096)
	n, err := l.conn.Read(b)
	l.buf = append(l.buf, b[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

func (l *tcpLink) close() error { return l.conn.Close() }
