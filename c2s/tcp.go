package c2s

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"parley/internal/module"
	"parley/internal/sasl"
	"parley/internal/tlscert"
	"parley/stanza"
)

// tcp is RFC 6120 framing: one long XML document in each direction.
type tcp struct {
	raw  net.Conn // closed by abort, from any goroutine
	conn net.Conn // raw, or TLS over it; owned by the reader before bind, then only read
	rest          // of raw

	// owned by the reader
	splitter stanza.Splitter
	listener listener
	header   *stanza.Header
	lent     *[]byte // what in begins as
	in       []byte  // in[start:end] has arrived and is not consumed
	start    int
	end      int
}

var _ transport = (*tcp)(nil)

// newTCP: without a watch the connection does not rest.
func newTCP(raw, conn net.Conn, w *watch) *tcp {
	return &tcp{raw: raw, conn: conn, rest: rest{over: raw, watch: w}}
}

func (t *tcp) traits() traits {
	return traits{name: "tcp", canStartTLS: true, legacySession: true}
}

func (t *tcp) kind() string { return "tcp" }

func (t *tcp) scope() *stanza.Header { return t.header }

func (t *tcp) limit(l stanza.Limits) { t.splitter.Limits = l }

func (t *tcp) listen(l listener) { t.listener = l }

func (t *tcp) authenticated() {}

func (t *tcp) restart() {
	t.splitter.Reset()
	t.header = nil
}

func (t *tcp) next() (item, error) {
	for {
		kind, n, err := t.splitter.Next(t.in[t.start:t.end])
		if err != nil {
			return item{}, err
		}
		if kind != stanza.NeedMore {
			raw := t.in[t.start : t.start+n]
			t.start += n
			it, err := t.item(kind, raw)
			it.size = n
			return it, err
		}
		if err := t.fill(); err != nil {
			return item{}, err
		}
		t.listener.noticed(0)
	}
}

func (t *tcp) item(kind stanza.Item, raw []byte) (item, error) {
	switch kind {
	case stanza.StreamOpen:
		h, err := stanza.ParseHeader(raw)
		if err != nil {
			return item{}, err
		}
		t.header = h
		return item{kind: itemOpen, header: h}, nil
	case stanza.StreamClose:
		return item{kind: itemClose}, nil
	case stanza.Stanza:
		return item{kind: itemElement, raw: raw}, nil
	}
	return item{kind: itemSpace}, nil
}

// fill reads more, after making room for it.
func (t *tcp) fill() error {
	switch {
	case t.start == t.end:
		t.empty()
	case t.end == len(t.in) && t.start > 0:
		t.end = copy(t.in, t.in[t.start:t.end])
		t.start = 0
	case t.end == len(t.in):
		bigger := make([]byte, 2*len(t.in))
		copy(bigger, t.in)
		t.in = bigger
	}
	n, err := t.conn.Read(t.in[t.end:])
	t.end += n
	switch {
	case n > 0:
		return nil
	case !t.mayRest(err):
		return readError(err)
	case t.start < t.end:
		return t.fill() // half an element has come
	}
	return errQuiet
}

// empty makes room for the next element. A buffer that has grown for a rare big
// one is given up.
func (t *tcp) empty() {
	if t.lent == nil {
		t.lent = lent.Get().(*[]byte)
	}
	if t.start, t.end = 0, 0; len(t.in) == 0 || len(t.in) > 4*lentSize {
		t.in = *t.lent
	}
}

func (t *tcp) release() {
	giveBack(t.lent)
	t.lent, t.in, t.start, t.end = nil, nil, 0, 0
}

// readError tells being woken and a connection closed in order from failures.
// A client that ends TLS without close_notify, as many do, closed in order too:
// its FIN came.
func readError(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errWoken
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.EOF
	}
	return err
}

func (t *tcp) startTLS(cfg *tls.Config, deadline time.Time) ([]sasl.ChannelBinding, error) {
	if t.start != t.end {
		return nil, streamError(stanza.StreamPolicyViolation, "data after <starttls/>") // RFC 6120 §5.4.3.3
	}
	if err := t.write(stanza.New(stanza.NSTLS, "proceed").Append(nil, "")); err != nil {
		return nil, err
	}
	conn, bindings, err := handshake(t.raw, cfg, deadline)
	if err != nil {
		return nil, err
	}
	t.conn = conn
	return bindings, nil
}

// handshake runs a TLS server's handshake, at the latest until deadline.
func handshake(raw net.Conn, cfg *tls.Config, deadline time.Time) (*tls.Conn, []sasl.ChannelBinding, error) {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	cfg, leaf := tlscert.Capture(cfg)
	conn := tls.Server(raw, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, nil, fmt.Errorf("c2s: TLS handshake: %w", err)
	}
	return conn, sasl.TLSBindings(conn.ConnectionState(), leaf()), nil
}

func (t *tcp) writeOpen(o openReply, after ...[]byte) error {
	return t.send(func(b []byte) []byte {
		b = append(b, `<?xml version="1.0"?><stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams"`...)
		return appendAll(append(o.attributes(b), '>'), after)
	})
}

func (t *tcp) write(elements ...[]byte) error {
	return t.send(func(b []byte) []byte { return appendAll(b, elements) })
}

func appendAll(b []byte, elements [][]byte) []byte {
	for _, e := range elements {
		b = append(b, e...)
	}
	return b
}

// send writes what f appends.
func (t *tcp) send(f func([]byte) []byte) error {
	p := outPool.Get().(*[]byte)
	defer outPool.Put(p)
	b := f((*p)[:0])
	if cap(b) <= 2*outSize {
		*p = b
	}
	_, err := t.conn.Write(b)
	return err
}

// writeStanzas writes a batch in pieces of about 64 KiB, one system call each.
func (t *tcp) writeStanzas(batch []*module.Stanza, after ...[]byte) error {
	p := outPool.Get().(*[]byte)
	defer outPool.Put(p)
	b := (*p)[:0]
	for _, st := range batch {
		b = st.AppendTo(b)
		if len(b) < outSize {
			continue
		}
		if _, err := t.conn.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	for _, e := range after {
		b = append(b, e...)
	}
	if len(b) > 0 {
		if _, err := t.conn.Write(b); err != nil {
			return err
		}
	}
	if cap(b) <= 2*outSize {
		*p = b
	}
	return nil
}

const outSize = 64 << 10

// outPool lends writers their buffers, for the time of a batch.
var outPool = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

func (t *tcp) writeClose() error {
	return t.send(func(b []byte) []byte { return append(b, "</stream:stream>"...) })
}

// ping is XEP-0199 §4.1: TCP has no sign of life of its own that reaches the
// client's program.
func (t *tcp) ping(from, to, token string) error {
	return t.send(func(b []byte) []byte {
		b = stanza.AppendStart(b, stanza.IQ, from, to, token, "get", "")
		b = append(b, `<ping xmlns='urn:xmpp:ping'/>`...)
		return stanza.AppendEnd(b, stanza.IQ)
	})
}

func (t *tcp) boundWrites(at time.Time) { _ = t.raw.SetWriteDeadline(at) }

// shutdown closes our direction and waits a little for the client's end, so
// that what was written is not destroyed by a reset.
func (t *tcp) shutdown(*stanza.StreamError) {
	if c, ok := t.conn.(*tls.Conn); ok {
		_ = c.CloseWrite()
	}
	if c, ok := t.raw.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	t.wake(time.Now().Add(closeGrace))
	_, _ = io.CopyN(io.Discard, t.raw, maxDiscard)
}

// maxDiscard bounds what is read from a client that goes on after the end.
const maxDiscard = 1 << 20

func (t *tcp) acked() bool  { return allAcked(t.raw) }
func (t *tcp) unacked() int { return unackedBytes(t.raw) }

func (t *tcp) abort() {
	_ = t.raw.Close()
	t.rouse()
}
