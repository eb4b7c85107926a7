package wire

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6455 §4.2.2 asks for it
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

const nsFraming = "urn:ietf:params:xml:ns:xmpp-framing"

// WebSocket upgrades conn, which is connected to the server of u.
func WebSocket(conn net.Conn, u *url.URL) (*Conn, error) {
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails
	key := base64.StdEncoding.EncodeToString(nonce[:])
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n",
		u.RequestURI(), u.Host, key)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	in := bufio.NewReaderSize(conn, inSize)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	if err := checkUpgrade(resp, key); err != nil {
		return nil, fmt.Errorf("websocket: %s: %w", u, err)
	}
	c := newConn(conn, &webSocket{})
	early, _ := in.Peek(in.Buffered())
	c.end = copy(c.in, early) // fits: both have inSize bytes
	return c, nil
}

// checkUpgrade: RFC 6455 §4.1, RFC 7395 §3.1.
func checkUpgrade(resp *http.Response, key string) error {
	if resp.StatusCode != http.StatusSwitchingProtocols {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
		_ = resp.Body.Close()
		return fmt.Errorf("the server refused: %s: %s", resp.Status, bytes.TrimSpace(said))
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // as above
	if resp.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]) {
		return fmt.Errorf("the server does not prove that it read the request")
	}
	if p := resp.Header.Get("Sec-WebSocket-Protocol"); p != "xmpp" {
		return fmt.Errorf("the server speaks the subprotocol %q, not xmpp", p)
	}
	return nil
}

// webSocket is RFC 7395 framing: a message is an element.
type webSocket struct{}

func (*webSocket) header(domain string) []byte {
	return []byte(`<open xmlns='` + nsFraming + `' to='` + domain + `' version='1.0'/>`)
}

func (*webSocket) trailer() string   { return `<close xmlns='` + nsFraming + `'/>` }
func (*webSocket) namespace() string { return ` xmlns='jabber:client'` }
func (*webSocket) restart()          {}

func (*webSocket) appendElement(dst, element []byte) []byte {
	return appendFrame(dst, opText, element)
}

func (*webSocket) cut(b []byte) (item, int, error) {
	f, n, err := cutFrame(b)
	if err != nil || n == 0 {
		return item{}, 0, err
	}
	switch f.opcode {
	case opText:
		if bytes.HasPrefix(f.payload, []byte("<close")) {
			return item{kind: aClose}, n, nil
		}
		return item{anElement, f.payload}, n, nil
	case opPing:
		return item{aPing, f.payload}, n, nil
	case opPong:
		return item{kind: nothing}, n, nil
	case opClose:
		return item{}, n, closed(f.payload)
	}
	return item{}, n, fmt.Errorf("a frame with opcode %d: messages are text (RFC 7395 §3.2)", f.opcode)
}
