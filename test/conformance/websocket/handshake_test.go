package websocket

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/internal/config"
)

// TestHandshake: RFC 6455 §4.2: what is no opening handshake gets an HTTP error,
// and the connection is no WebSocket.
func TestHandshake(t *testing.T) {
	t.Parallel()
	s := start(t)
	replace := func(old, with string) string { return strings.Replace(handshake, old, with, 1) }
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"good":                   {handshake, http.StatusSwitchingProtocols},
		"in other case":          {replace("Upgrade: websocket", "upgrade: WebSocket"), http.StatusSwitchingProtocols},
		"among others":           {replace("Connection: Upgrade", "Connection: keep-alive, Upgrade"), http.StatusSwitchingProtocols},
		"no key":                 {replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), http.StatusBadRequest},
		"short key":              {replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhl"), http.StatusBadRequest},
		"two keys":               {replace("Sec-WebSocket-Key:", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Key:"), http.StatusBadRequest},
		"no version":             {replace("Sec-WebSocket-Version: 13\r\n", ""), http.StatusBadRequest},
		"old version":            {replace("Version: 13", "Version: 8"), http.StatusBadRequest},
		"no Connection":          {replace("Connection: Upgrade\r\n", ""), http.StatusUpgradeRequired},
		"no Upgrade":             {replace("Upgrade: websocket\r\n", ""), http.StatusUpgradeRequired},
		"POST":                   {replace("GET", "POST"), http.StatusMethodNotAllowed},
		"HTTP/1.0":               {replace("HTTP/1.1", "HTTP/1.0"), http.StatusUpgradeRequired},
		"another subprotocol":    {replace("Protocol: xmpp", "Protocol: chat"), http.StatusBadRequest},
		"another address":        {replace("/xmpp-websocket", "/nothing"), http.StatusNotFound},
		"a header that is huge":  {replace("Host:", "X: "+strings.Repeat("x", 32<<10)+"\r\nHost:"), http.StatusRequestHeaderFieldsTooLarge},
		"a line without a colon": {replace("Host:", "nonsense\r\nHost:"), http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := &socket{Raw: s.DialRaw(t, "http"), t: t}
			resp := conn.upgrade(fmt.Sprintf(c.request, s.Addr("http")))
			if resp.StatusCode != c.status {
				t.Errorf("got %s, want %d", resp.Status, c.status)
			}
			if accept := resp.Header.Get("Sec-WebSocket-Accept"); (accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != (c.status == http.StatusSwitchingProtocols) {
				t.Errorf("Sec-WebSocket-Accept %q", accept)
			}
		})
	}
}

// TestNoHTTP2: RFC 8441 is not served: the preface of HTTP/2 gets no stream, and
// TLS does not offer it.
func TestNoHTTP2(t *testing.T) {
	t.Parallel()
	c := &socket{Raw: start(t).DialRaw(t, "http"), t: t}
	c.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	if got := c.Rest(); !strings.HasPrefix(got, "HTTP/1.1 4") && !strings.HasPrefix(got, "HTTP/1.1 5") {
		t.Errorf("got %q", got)
	}
}

// TestOrigin: RFC 6455 §10.2: only listed pages and the own one open WebSockets.
func TestOrigin(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.HTTP.Origins = []string{"https://chat.example.org"} })
	own := s.Addr("http")
	for name, c := range map[string]struct {
		origin string
		status int
	}{
		"own":         {"http://" + own, http.StatusSwitchingProtocols},
		"listed":      {"https://chat.example.org", http.StatusSwitchingProtocols},
		"listed name": {"https://chat.example.org.evil.example", http.StatusForbidden},
		"other":       {"https://evil.example", http.StatusForbidden},
		"null":        {"null", http.StatusForbidden},
		"file":        {"file://", http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := &socket{Raw: s.DialRaw(t, "http"), t: t}
			request := strings.Replace(fmt.Sprintf(handshake, own), "\r\n\r\n", "\r\nOrigin: "+c.origin+"\r\n\r\n", 1)
			if resp := conn.upgrade(request); resp.StatusCode != c.status {
				t.Errorf("got %s, want %d", resp.Status, c.status)
			}
		})
	}
	t.Run("null is listed", func(t *testing.T) {
		t.Parallel()
		s := start(t, func(c *config.Config) { c.HTTP.Origins = []string{"null"} })
		conn := &socket{Raw: s.DialRaw(t, "http"), t: t}
		request := strings.Replace(fmt.Sprintf(handshake, s.Addr("http")), "\r\n\r\n", "\r\nOrigin: null\r\n\r\n", 1)
		if resp := conn.upgrade(request); resp.StatusCode != http.StatusSwitchingProtocols {
			t.Errorf("got %s", resp.Status)
		}
	})
}

// TestMasks: RFC 6455 §5.1: a frame of a client without a mask ends it.
func TestMasks(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, frame := range map[string]string{
		"text": "\x81\x01x", "empty text": "\x81\x00", "ping": "\x89\x00", "close": "\x88\x02\x03\xe8", "continuation": "\x80\x00",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := bound(t, s)
			c.Send(frame)
			if rest := c.Rest(); rest != "" && !strings.HasPrefix(rest, "\x88\x02\x03\xea") { // with 1002 or without a word
				t.Errorf("got %q", rest)
			}
		})
	}
}

// TestSlow: who does not finish the handshake or a message before it is
// authenticated is cut off when its time is over. That of the request's head is
// internal/httpd's to test.
func TestSlow(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Limits.AuthTimeout = time.Millisecond })
	for name, part := range map[string]string{
		"nothing":         "",
		"half a header":   "\x81",
		"half a length":   "\x81\xfe\x01",
		"half a mask":     "\x81\x85\x01",
		"half a payload":  string(encode(fin|text, open)[:30]),
		"half a message":  string(encode(text, open[:30])),
		"half a ping":     string(encode(fin|ping, "ping")[:8]),
		"no end of pongs": string(encode(fin|pong, "")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, s)
			c.Send(part)
			if rest := c.Rest(); !strings.Contains(rest, "<connection-timeout ") {
				t.Errorf("got %q", rest)
			}
		})
	}
}

// TestOneElementAMessage: RFC 7395 §3.3: each message of the server is one
// element that stands alone: it begins with '<', has no XML declaration, and
// declares its namespaces.
func TestOneElementAMessage(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := bound(t, s)
	for _, request := range []string{
		"<presence xmlns='jabber:client'/>",
		"<iq xmlns='jabber:client' type='get' id='1' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
		"<iq xmlns='jabber:client' type='get' id='2'><query xmlns='jabber:iq:roster'/></iq>",
		c.envelope("x"),
		"<unknown xmlns='urn:x'/>",
	} {
		c.frame(fin|text, request)
	}
	for _, m := range c.expectClose(1000) {
		if err := standsAlone(m); err != nil {
			t.Errorf("%v: %s", err, m)
		}
	}
}
