package httpd_test

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/internal/httpd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// handler answers an upgrade that got through with 299.
func handler(change ...func(*httpd.Options)) http.Handler {
	opts := httpd.Options{
		Domain:    "localhost",
		WebSocket: func(w http.ResponseWriter, _ *http.Request, _ httpd.Client) { w.WriteHeader(299) },
		Pages:     http.NotFoundHandler(),
		Origins:   []string{"https://chat.example.org"},
		Ready:     func(*http.Request) error { return nil },
		Log:       slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&opts)
	}
	return httpd.New(opts)
}

func do(h http.Handler, method, url string, header http.Header) *http.Response {
	req := httptest.NewRequest(method, url, nil)
	req.Header = header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w.Result()
}

func upgrade(origins ...string) http.Header {
	h := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"WebSocket"}}
	h["Origin"] = origins
	return h
}

// TestOrigin: RFC 6455 §10.2: a page of another site opens no WebSocket.
func TestOrigin(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		origins []string
		want    int
	}{
		"no browser":         {nil, 299},
		"same":               {[]string{"http://example.com:5280"}, 299},
		"same, https":        {[]string{"https://example.com:5280"}, 299},
		"same, other case":   {[]string{"http://Example.COM:5280"}, 299},
		"listed":             {[]string{"https://chat.example.org"}, 299},
		"other port":         {[]string{"http://example.com:8080"}, 403},
		"without port":       {[]string{"http://example.com"}, 403},
		"other scheme":       {[]string{"ftp://example.com:5280"}, 403},
		"foreign":            {[]string{"https://evil.example"}, 403},
		"listed as a prefix": {[]string{"https://chat.example.org.evil.example"}, 403},
		"listed over http":   {[]string{"http://chat.example.org"}, 403},
		"null":               {[]string{"null"}, 403},
		"empty":              {[]string{""}, 403},
		"no scheme":          {[]string{"example.com:5280"}, 403},
		"with a path":        {[]string{"http://example.com:5280/"}, 403},
		"two":                {[]string{"http://example.com:5280", "http://example.com:5280"}, 403},
	}
	h := handler()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/", "/xmpp-websocket", "/ws", "/websocket", "/ws-xmpp"} {
				if resp := do(h, http.MethodGet, "http://example.com:5280"+path, upgrade(c.origins...)); resp.StatusCode != c.want {
					t.Errorf("%s: got %d, want %d", path, resp.StatusCode, c.want)
				}
			}
		})
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	h := handler()
	for _, path := range []string{"/xmpp-websocket", "/ws", "/websocket", "/ws-xmpp"} {
		resp := do(h, http.MethodGet, path, http.Header{})
		if resp.StatusCode != http.StatusUpgradeRequired || resp.Header.Get("Upgrade") != "websocket" {
			t.Errorf("%s without upgrade: %d %v", path, resp.StatusCode, resp.Header)
		}
	}
	for _, path := range []string{"/", "/index.html", "/ws/", "/healthz/"} {
		if resp := do(h, http.MethodGet, path, http.Header{}); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want the pages'", path, resp.StatusCode)
		}
	}
	if resp := do(h, http.MethodGet, "/index.html", upgrade()); resp.StatusCode != http.StatusNotFound {
		t.Errorf("upgrade elsewhere: %d", resp.StatusCode)
	}
}

// TestHostMeta: XEP-0156 §3: for pages of all sites, XML and JSON alike.
func TestHostMeta(t *testing.T) {
	t.Parallel()
	h := handler()
	resp := do(h, http.MethodGet, "http://example.com:5280/.well-known/host-meta", http.Header{})
	var xrd struct {
		XMLName xml.Name
		Links   []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"http://docs.oasis-open.org/ns/xri/xrd-1.0 Link"`
	}
	if err := xml.NewDecoder(resp.Body).Decode(&xrd); err != nil {
		t.Fatal(err)
	}
	if xrd.XMLName != (xml.Name{Space: "http://docs.oasis-open.org/ns/xri/xrd-1.0", Local: "XRD"}) || len(xrd.Links) != 1 ||
		xrd.Links[0].Rel != "urn:xmpp:alt-connections:websocket" || xrd.Links[0].Href != "ws://example.com:5280/xmpp-websocket" {
		t.Errorf("got %+v", xrd)
	}
	checkHostMetaHeaders(t, resp, "application/xrd+xml; charset=utf-8")

	resp = do(h, http.MethodGet, "http://example.com:5280/.well-known/host-meta.json", http.Header{})
	var doc map[string][]map[string]string
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if l := doc["links"]; len(doc) != 1 || len(l) != 1 || l[0]["rel"] != "urn:xmpp:alt-connections:websocket" || l[0]["href"] != "ws://example.com:5280/xmpp-websocket" {
		t.Errorf("got %v", doc)
	}
	checkHostMetaHeaders(t, resp, "application/json")
}

func checkHostMetaHeaders(t *testing.T, resp *http.Response, contentType string) {
	t.Helper()
	if got := resp.Header.Get("Content-Type"); got != contentType {
		t.Errorf("Content-Type %q, want %q", got, contentType)
	}
	if got := resp.Header.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("Access-Control-Allow-Origin %q", got)
	}
}

func TestHostMetaMethods(t *testing.T) {
	t.Parallel()
	h := handler(func(o *httpd.Options) { o.WebSocketURL = "wss://chat.example.org/xmpp-websocket" })
	for _, path := range []string{"/.well-known/host-meta", "/.well-known/host-meta.json"} {
		resp := do(h, http.MethodGet, "http://127.0.0.1"+path, http.Header{})
		if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), `"wss://chat.example.org/xmpp-websocket"`) {
			t.Errorf("%s: %s", path, body)
		}
		for method, want := range map[string]int{"HEAD": 200, "OPTIONS": 204, "POST": 405} {
			if resp := do(h, method, path, http.Header{}); resp.StatusCode != want || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s %s: %d %v", method, path, resp.StatusCode, resp.Header)
			}
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	for want, ready := range map[int]error{200: nil, 503: errors.New("the database is away")} {
		resp := do(handler(func(o *httpd.Options) { o.Ready = func(*http.Request) error { return ready } }), http.MethodGet, "/healthz", http.Header{})
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != want || strings.Contains(string(body), "database") {
			t.Errorf("got %d %q, want %d without the reason", resp.StatusCode, body, want)
		}
	}
}

// serve runs the HTTP server on a port of its own.
func serve(t *testing.T, change func(*http.Server)) net.Conn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := httpd.Server(handler(), slog.New(slog.DiscardHandler))
	change(s)
	done := make(chan error)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// TestNoHTTP2: the preface of HTTP/2 gets an answer in HTTP/1.1 that says no.
func TestNoHTTP2(t *testing.T) {
	t.Parallel()
	c := serve(t, func(*http.Server) {})
	if _, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.ProtoMajor != 1 || resp.StatusCode < 400 {
		t.Errorf("got %s", resp.Status)
	}
}

// TestSlowHeaders: who does not finish a request is cut off.
func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	c := serve(t, func(s *http.Server) {
		if s.ReadHeaderTimeout <= 0 || s.ReadHeaderTimeout > 10*time.Second || s.MaxHeaderBytes > 64<<10 {
			t.Errorf("limits: %v, %d bytes", s.ReadHeaderTimeout, s.MaxHeaderBytes)
		}
		s.ReadHeaderTimeout = 50 * time.Millisecond
	})
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: local"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
}
