package c2s

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"parley/internal/module"
	"parley/internal/sasl"
	"parley/stanza"
)

// Subprotocol is what RFC 7395 §3.1 calls the protocol.
const Subprotocol = "xmpp"

// ServeWebSocket upgrades the request and serves the stream on a goroutine of
// its own, so that the HTTP server lets go of the request and its buffers. The
// caller has checked the Origin and knows the peer.
func (s *Server) ServeWebSocket(w http.ResponseWriter, r *http.Request, peer Peer) {
	if !offersXMPP(r) {
		http.Error(w, "the WebSocket subprotocol must be xmpp (RFC 7395)", http.StatusBadRequest)
		return
	}
	if err := s.Admit(peer.Addr); err != nil {
		s.refused("websocket", peer.Addr, err)
		w.Header().Set("Retry-After", "10")
		http.Error(w, ErrTooMany.Error(), http.StatusTooManyRequests)
		return
	}
	socket, err := accept(w, r, s.Limits.Fragments, &s.watch)
	if err != nil {
		s.addresses.release(peer.Addr, false)
		s.Log.Debug("no WebSocket", "addr", peer.Addr.String(), "err", err)
		return
	}
	s.start(func() { s.run(socket, peer) }, func() {
		s.addresses.release(peer.Addr, false)
		_ = socket.Close()
	})
}

// accept upgrades the request.
func accept(w http.ResponseWriter, r *http.Request, maxFrames int, rests *watch) (*webSocket, error) {
	socket := &webSocket{wire: wire{frames: frameCounter{max: maxFrames}}}
	conn, err := websocket.Accept(&hijacker{w, &socket.wire, rests}, r, &websocket.AcceptOptions{
		Subprotocols:       []string{Subprotocol},
		InsecureSkipVerify: true, // the Origin was checked by the caller, against the configured list
		CompressionMode:    websocket.CompressionDisabled,
		OnPingReceived:     socket.pinged,
		OnPongReceived:     socket.ponged,
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(conn, nil) // we close it; what has a finalizer and is part of a cycle is never freed
	conn.SetReadLimit(-1)           // next counts by itself, to answer with a stream error
	socket.conn = conn
	return socket, nil
}

// offersXMPP: a client that offers subprotocols must offer ours; pages written
// before the RFC offer none.
func offersXMPP(r *http.Request) bool {
	offered := r.Header.Values("Sec-WebSocket-Protocol")
	return len(offered) == 0 || slices.ContainsFunc(offered, func(v string) bool {
		return slices.ContainsFunc(strings.Split(v, ","), func(p string) bool {
			return strings.EqualFold(strings.TrimSpace(p), Subprotocol)
		})
	})
}

// webSocket is RFC 7395 framing, or the classic one if the client begins so:
// one element per message.
type webSocket struct {
	conn *websocket.Conn
	wire
	framing framing // nil until the first message

	// owned by the reader
	maxBytes int
	lent     *[]byte // what in begins as
	in       []byte  // the last message
	listener listener
	header   *stanza.Header // if stanzas rely on it
}

var _ transport = (*webSocket)(nil)

// framing is what differs between RFC 7395 and the drafts before it.
type framing interface {
	open(b []byte, o openReply) []byte
	close() string
	// item tells stream opening and closing from elements.
	item(message []byte) (item, error)
	scoped() bool // stanzas rely on the namespaces of the header
	traits() traits
}

func (w *webSocket) traits() traits {
	if w.framing == nil {
		return traits{name: "websocket"}
	}
	return w.framing.traits()
}

func (w *webSocket) kind() string { return "websocket" }

func (w *webSocket) scope() *stanza.Header {
	return w.header
}

func (w *webSocket) limit(l stanza.Limits) { w.maxBytes = l.Bytes }
func (w *webSocket) listen(l listener)     { w.listener = l }
func (w *webSocket) authenticated()        {}
func (w *webSocket) restart()              { w.header = nil }

// pinged: control frames cost as other bytes do (RFC 6455 §5.5). The library
// answers.
func (w *webSocket) pinged(_ context.Context, payload []byte) bool {
	w.listener.noticed(frameCost + len(payload))
	return true
}

func (w *webSocket) ponged(_ context.Context, payload []byte) {
	w.listener.noticed(frameCost + len(payload))
	w.listener.answered(payload)
}

// frameCost is the size of the smallest frame of a client.
const frameCost = 6

func (w *webSocket) next() (item, error) {
	it, err := w.read()
	it.size = frameCost + len(w.in)
	return it, err
}

func (w *webSocket) read() (item, error) {
	w.in = w.in[:0]
	typ, r, err := w.conn.Reader(context.Background())
	if err != nil {
		return item{}, w.readError(err)
	}
	if typ != websocket.MessageText {
		w.wire.refuse(websocket.StatusUnsupportedData)
		return item{}, streamError(stanza.StreamBadFormat, "messages are text") // RFC 7395 §3.2
	}
	if err := w.message(r); err != nil {
		return item{}, err
	}
	message := bytes.TrimSpace(w.in)
	if len(message) == 0 {
		return item{kind: itemSpace}, nil // the keep-alive of classic pages
	}
	if w.framing == nil {
		w.framing = detect(message)
	}
	it, err := w.framing.item(message)
	if it.kind == itemOpen && err == nil && w.framing.scoped() {
		w.header = it.header
	}
	return it, err
}

// message reads one message, no more of it than the limit. Nothing is
// allocated for a length that is only declared.
func (w *webSocket) message(r io.Reader) error {
	w.empty()
	for {
		if len(w.in) == cap(w.in) {
			w.in = slices.Grow(w.in, len(w.in))
		}
		n, err := r.Read(w.in[len(w.in):w.room()])
		w.in = w.in[:len(w.in)+n]
		switch {
		case w.maxBytes > 0 && len(w.in) > w.maxBytes:
			w.wire.refuse(websocket.StatusMessageTooBig)
			return streamError(stanza.StreamPolicyViolation, "the message is too big")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return w.readError(err)
		}
		w.listener.noticed(0)
	}
}

// empty takes a buffer, and gives up one that has grown for a rare big message.
func (w *webSocket) empty() {
	if w.lent == nil {
		w.lent = lent.Get().(*[]byte)
	}
	if w.in = w.in[:0]; cap(w.in) < lentSize || cap(w.in) > 4*lentSize {
		w.in = (*w.lent)[:0]
	}
}

func (w *webSocket) release() {
	giveBack(w.lent)
	w.lent, w.in = nil, nil
	w.wire.release()
}

// room is where the buffer ends or, before that, where a message is too big: the
// library does not return before it has filled what it is given.
func (w *webSocket) room() int {
	if w.maxBytes > 0 {
		return min(cap(w.in), w.maxBytes+1)
	}
	return cap(w.in)
}

func (w *webSocket) readError(err error) error {
	switch {
	case errors.Is(err, errQuiet):
		return errQuiet
	case errors.Is(err, errFrames):
		w.wire.refuse(websocket.StatusPolicyViolation)
		return streamError(stanza.StreamPolicyViolation, errFrames.Error())
	case websocket.CloseStatus(err) != -1:
		return io.EOF
	}
	return readError(err)
}

func (w *webSocket) startTLS(*tls.Config, time.Time) ([]sasl.ChannelBinding, error) {
	return nil, errCannotTLS
}

func (w *webSocket) writeOpen(o openReply, after ...[]byte) error {
	if w.framing == nil {
		w.framing = rfc7395{}
	}
	return w.write(append([][]byte{w.framing.open(nil, o)}, after...)...)
}

// write sends each element as a message of its own (RFC 7395 §3.3).
func (w *webSocket) write(elements ...[]byte) error {
	return w.wire.batch(func() error {
		for _, e := range elements {
			if err := w.conn.Write(context.Background(), websocket.MessageText, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *webSocket) writeStanzas(batch []*module.Stanza, after ...[]byte) error {
	p := outPool.Get().(*[]byte)
	defer outPool.Put(p)
	return w.wire.batch(func() error {
		for _, st := range batch {
			b := st.AppendTo((*p)[:0])
			err := w.conn.Write(context.Background(), websocket.MessageText, b)
			if cap(b) <= 2*outSize {
				*p = b
			}
			if err != nil {
				return err
			}
		}
		for _, e := range after {
			if err := w.conn.Write(context.Background(), websocket.MessageText, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *webSocket) writeClose() error {
	if w.framing == nil {
		return nil
	}
	return w.write([]byte(w.framing.close()))
}

// ping is the WebSocket's own (RFC 6455 §5.5.2): the browser answers for its
// page. The writer is the only one to write data frames, so it goes between two.
func (w *webSocket) ping(_, _, token string) error {
	_, err := w.wire.Write(append([]byte{0x89, byte(len(token))}, token...))
	return err
}

func (w *webSocket) boundWrites(at time.Time) { _ = w.wire.SetWriteDeadline(at) }

// shutdown closes the WebSocket (RFC 7395 §3.6) with the code that fits.
func (w *webSocket) shutdown(e *stanza.StreamError) {
	w.wake(time.Now().Add(closeGrace))
	if e != nil && e.Condition == stanza.StreamNotWellFormed && !utf8.Valid(w.in) {
		w.wire.refuse(websocket.StatusInvalidFramePayloadData) // RFC 6455 §8.1
	}
	_ = w.conn.Close(w.wire.closeCode(e), "")
}

func (w *webSocket) acked() bool  { return allAcked(w.wire.Conn) }
func (w *webSocket) unacked() int { return unackedBytes(w.wire.Conn) }

// abort closes what is under TLS too: TLS would say goodbye first, and wait for
// a client that does not read.
func (w *webSocket) abort() {
	if c, ok := w.wire.Conn.(*tls.Conn); ok {
		_ = c.NetConn().Close()
		w.rouse()
		return
	}
	_ = w.wire.Close()
}

// closeCode: RFC 6455 §7.4.1.
func (w *wire) closeCode(e *stanza.StreamError) websocket.StatusCode {
	switch {
	case w.code != 0:
		return w.code
	case e == nil:
		return websocket.StatusNormalClosure
	case e.Condition == stanza.StreamSystemShutdown:
		return websocket.StatusGoingAway
	case e.Condition == stanza.StreamPolicyViolation:
		return websocket.StatusPolicyViolation
	case e.Condition == stanza.StreamInternalServerError:
		return websocket.StatusInternalError
	}
	return websocket.StatusNormalClosure
}

// hijacker hands the WebSocket library our wire and small buffers instead of
// the HTTP server's.
type hijacker struct {
	http.ResponseWriter
	wire  *wire
	rests *watch
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	h.wire.open(conn, bytes.Clone(early), h.rests)
	return h.wire, bufio.NewReadWriter(bufio.NewReaderSize(h.wire, readBuffer), bufio.NewWriterSize(h.wire, writeBuffer)), nil
}

// The sizes of the library's buffers. The reading one takes a frame's header, the
// writing one a whole control frame (RFC 6455 §5.5), so that it is one write:
// ping comes between two. Payloads pass them by.
const (
	readBuffer  = 16
	writeBuffer = 128
)
