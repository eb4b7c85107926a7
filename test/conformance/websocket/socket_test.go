package websocket

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"parley/internal/config"
	"parley/internal/xmpptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server whose limits are far away.
func start(t *testing.T, change ...func(*config.Config)) *xmpptest.Server {
	t.Helper()
	s := xmpptest.Start(t, xmpptest.Options{Change: func(c *config.Config) {
		c.Limits.ConnectionsPerAddress, c.Limits.UnauthenticatedPerAddress, c.Limits.ResourcesPerAccount = 0, 0, 0
		c.Limits.RateBytes, c.Limits.RateBytesBurst, c.Limits.RateStanzas, c.Limits.RateStanzasBurst = 0, 0, 0, 0
		for _, f := range change {
			f(c)
		}
	}})
	s.AddUser(t, "alice")
	return s
}

// Opcodes (RFC 6455 §5.2).
const (
	continuation = 0x0
	text         = 0x1
	binaryData   = 0x2
	closing      = 0x8
	ping         = 0x9
	pong         = 0xA

	fin = 0x80
)

// socket is a WebSocket whose frames are made and seen one by one.
type socket struct {
	*xmpptest.Raw
	t   *testing.T
	jid string
}

const handshake = "GET /xmpp-websocket HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n"

// dial does the handshake.
func dial(t *testing.T, s *xmpptest.Server) *socket {
	t.Helper()
	c := &socket{Raw: s.DialRaw(t, "http"), t: t}
	if resp := c.upgrade(fmt.Sprintf(handshake, s.Addr("http"))); resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %s", resp.Status)
	}
	return c
}

// upgrade sends a request and reads the head of the answer.
func (c *socket) upgrade(request string) *http.Response {
	c.t.Helper()
	c.Send(request)
	head := c.Until("\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(head)), nil)
	if err != nil {
		c.t.Fatalf("%q: %v", head, err)
	}
	_ = resp.Body.Close()
	return resp
}

const (
	open   = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>"
	closed = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"
	plain  = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFsaWNlAHNlY3JldA==</auth>"
)

var resources atomic.Int64

// bound is a socket with a session, to which messages come back.
func bound(t *testing.T, s *xmpptest.Server) *socket {
	t.Helper()
	c := dial(t, s)
	resource := fmt.Sprint("r", resources.Add(1))
	c.jid = "alice@localhost/" + resource
	for _, step := range []struct {
		send   string
		answer []string
	}{
		{open, []string{"<open ", "<stream:features "}}, {plain, []string{"<success "}}, {open, []string{"<open ", "<stream:features "}},
		{"<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" + resource + "</resource></bind></iq>", []string{"<iq "}},
	} {
		c.frame(fin|text, step.send)
		for _, begin := range step.answer {
			if got := c.message(); !strings.HasPrefix(got, begin) {
				t.Fatalf("got %q, want %s", got, begin)
			}
		}
	}
	return c
}

// mask is that of all frames; no byte of it is zero.
var mask = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// encode makes a masked frame.
func encode(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n > 0xffff:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	case n > 125:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n)) // #nosec G115 -- fits
	default:
		b = append(b, 0x80|byte(n))
	}
	b = append(b, mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i%4])
	}
	return b
}

// frame sends a frame.
func (c *socket) frame(first byte, payload string) {
	c.t.Helper()
	c.Send(string(encode(first, payload)))
}

// chopped sends bytes of frames in pieces of n, as long as the server takes
// them: it may know after a few that they are wrong.
func (c *socket) chopped(frames []byte, n int) {
	for len(frames) > 0 {
		k := min(n, len(frames))
		if _, err := c.Write(frames[:k]); err != nil {
			return
		}
		frames = frames[k:]
	}
}

// fragments are the frames of a message in parts of n bytes.
func fragments(payload string, n int) (frames []byte) {
	first := byte(text)
	for len(payload) > n {
		frames = append(frames, encode(first, payload[:n])...)
		payload, first = payload[n:], continuation
	}
	return append(frames, encode(fin|first, payload)...)
}

// next reads a frame, and checks what RFC 6455 §5.1 and §5.2 ask of a server.
// At the end of the connection it returns false.
func (c *socket) next() (first byte, payload string, ok bool) {
	c.t.Helper()
	head := c.ReadN(2)
	if len(head) < 2 {
		return 0, "", false
	}
	size := uint64(head[1])
	switch size {
	case 126:
		size = uint64(binary.BigEndian.Uint16(c.ReadN(2)))
		c.assert(size > 125, "a length of %d in 16 bits", size)
	case 127:
		size = binary.BigEndian.Uint64(c.ReadN(8))
		c.assert(size > 0xffff, "a length of %d in 64 bits", size)
	}
	c.assert(head[1]&0x80 == 0, "a frame of the server is masked")
	c.assert(head[0]&0x70 == 0, "a reserved bit is set: %x", head[0])
	c.assert(head[0]&8 == 0 || size <= 125 && head[0]&fin != 0, "a control frame %x of %d bytes", head[0], size)
	return head[0], string(c.ReadN(int(size))), true // #nosec G115 -- checked by reading
}

func (c *socket) assert(good bool, format string, args ...any) {
	c.t.Helper()
	if !good {
		c.t.Fatalf(format, args...)
	}
}

// message reads the next text message.
func (c *socket) message() string {
	c.t.Helper()
	first, payload, ok := c.next()
	if !ok || first != fin|text {
		c.t.Fatalf("got frame %x %q, want a text", first, payload)
	}
	return payload
}

// expect reads a frame and compares.
func (c *socket) expect(first byte, payload string) {
	c.t.Helper()
	got, p, ok := c.next()
	if !ok || got != first || p != payload {
		c.t.Fatalf("got frame %x %q, want %x %q", got, p, first, payload)
	}
}

// envelope is a message to oneself that nobody keeps, with the body.
func (c *socket) envelope(body string) string {
	return "<message xmlns='jabber:client' to='" + c.jid + "' type='headline'><body>" + body + "</body></message>"
}

// sized is an envelope of n bytes.
func (c *socket) sized(n int) string {
	return c.envelope(strings.Repeat("*", n-len(c.envelope(""))))
}

// echoed reads back what an envelope held.
func (c *socket) echoed(envelope string) {
	c.t.Helper()
	body := func(s string) string {
		_, s, _ = strings.Cut(s, "<body>")
		s, _, _ = strings.Cut(s, "</body>")
		return s
	}
	if got := c.message(); body(got) != body(envelope) {
		c.t.Fatalf("got %.200q, want the echo of %.200q", got, envelope)
	}
}

// alive proves that the socket still works.
func (c *socket) alive() {
	c.t.Helper()
	e := c.envelope("still here")
	c.frame(fin|text, e)
	c.echoed(e)
}

// expectClose reads up to the close frame and the end of the connection, and
// returns the messages that came before.
func (c *socket) expectClose(code int) (messages []string) {
	c.t.Helper()
	for {
		first, payload, ok := c.next()
		switch {
		case !ok:
			c.t.Fatalf("the connection ended without a close frame, want %d; before: %q", code, messages)
		case first == fin|text:
			messages = append(messages, payload)
		case first == fin|closing:
			got := 1005 // RFC 6455 §7.1.5
			if len(payload) >= 2 {
				got = int(binary.BigEndian.Uint16([]byte(payload)))
			}
			if got != code {
				c.t.Errorf("closed with %d, want %d; before: %q", got, code, messages)
			}
			_, _ = c.Write(encode(fin|closing, payload)) // it may be closed already
			if rest := c.Rest(); rest != "" {
				c.t.Errorf("after the close frame: %q", rest)
			}
			return messages
		}
	}
}

func closePayload(code int, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason // #nosec G115 -- fits
}
