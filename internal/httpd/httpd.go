// Package httpd is the HTTP side of the server: the chat page, the WebSocket
// upgrade (RFC 7395), host-meta (RFC 7395 §4, XEP-0156) and health. What
// operators read — metrics, account notices — is on an address of its own (see
// Admin).
package httpd

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"parley/internal/sparing"
)

// Client is what is known of who sent a request.
type Client struct {
	Addr     netip.Addr
	Loopback bool // it is on this machine, and so is nothing in between
	Proxied  bool // it came through a proxy
	Secure   bool // encrypted on the network, by us or by a trusted proxy
	TLS      *tls.ConnectionState
}

// Options of a Handler.
type Options struct {
	Domain string
	// WebSocket serves an upgrade request whose Origin is allowed.
	WebSocket func(http.ResponseWriter, *http.Request, Client)
	// Pages serves everything else.
	Pages http.Handler
	// Origins that may open WebSockets besides the page's own: "https://example.org".
	Origins []string
	// Proxies whose word about the client's address counts.
	Proxies []netip.Prefix
	// Local are networks that count as this machine, besides loopback.
	Local []netip.Prefix
	// WebSocketURL is announced in host-meta; empty: made from the request.
	WebSocketURL string
	// Ready reports whether the server can do its work.
	Ready func(*http.Request) error
	Log   *slog.Logger
}

// WebSocketPath is the announced path. The others are what clients of other
// servers are configured for; '/' is what pages of 2013 use.
const WebSocketPath = "/xmpp-websocket"

var webSocketPaths = []string{WebSocketPath, "/ws", "/websocket", "/ws-xmpp"}

type handler struct {
	Options
	clients resolver
	sparing sparing.Lines
}

// New returns the handler of the public listener.
func New(opts Options) http.Handler {
	h := &handler{Options: opts, clients: resolver{proxies: opts.Proxies, local: opts.Local, log: opts.Log}}
	mux := http.NewServeMux()
	for _, path := range webSocketPaths {
		mux.HandleFunc(path, h.webSocketOnly)
	}
	mux.HandleFunc("/.well-known/host-meta", h.hostMeta)
	mux.HandleFunc("/.well-known/host-meta.json", h.hostMetaJSON)
	mux.HandleFunc("GET /healthz", h.health)
	mux.HandleFunc("/", h.root)
	return mux
}

// Server returns an HTTP/1.1 server with limits on slow clients. A WebSocket
// leaves it at the upgrade.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // WebSocket over HTTP/2 (RFC 8441) is not served
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		Protocols:         protocols,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func (h *handler) root(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" && isUpgrade(r) {
		h.upgrade(w, r)
		return
	}
	h.Pages.ServeHTTP(w, r)
}

func (h *handler) webSocketOnly(w http.ResponseWriter, r *http.Request) {
	if isUpgrade(r) {
		h.upgrade(w, r)
		return
	}
	w.Header().Set("Upgrade", "websocket")
	w.Header().Set("Connection", "Upgrade")
	http.Error(w, "this address is for WebSocket connections of XMPP clients (RFC 7395)", http.StatusUpgradeRequired)
}

func isUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

func (h *handler) upgrade(w http.ResponseWriter, r *http.Request) {
	client := h.clients.client(r)
	if !h.originAllowed(r) {
		h.sparing.Info(h.Log, "origin", "connection refused", "transport", "websocket", "addr", client.Addr.String(), "err", "origin not allowed", "origin", shorten(r.Header.Get("Origin")))
		http.Error(w, "this origin is not allowed; the operator can add it to http.origins", http.StatusForbidden)
		return
	}
	h.WebSocket(w, r, client)
}

// originAllowed: browsers name the page that opens a WebSocket; a page of
// another site may not, unless it is listed (RFC 6455 §10.2). Programs that are
// not browsers send no Origin, or like mellium's client that of the WebSocket.
func (h *handler) originAllowed(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	scheme, host, _ := strings.Cut(origins[0], "://")
	if slices.Contains(ownSchemes, scheme) && strings.EqualFold(host, r.Host) {
		return true
	}
	for _, allowed := range h.Origins {
		if allowed == "*" || strings.EqualFold(allowed, origins[0]) {
			return true
		}
	}
	return false
}

var ownSchemes = []string{"http", "https", "ws", "wss"}

// health answers load balancers and container engines.
func (h *handler) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if err := h.Ready(r); err != nil {
		h.Log.Warn("not ready", "err", err)
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

func shorten(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
