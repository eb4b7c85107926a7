package webclient

import (
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// confine sets the headers that every answer carries, errors included.
func (h *handler) confine(header http.Header, r *http.Request) {
	header.Set("Content-Security-Policy", h.policy(r.Host))
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
}

// policy lets the page load its own files and talk to its own origin. Browsers
// differ on whether 'self' covers WebSockets, so these are named; the name
// comes from the request and is left out unless it is a plain host and port.
func (h *handler) policy(host string) string {
	connect := "'self'"
	if plainHost(host) {
		connect += " ws://" + host + " wss://" + host
	}
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self' data: blob:",
		"media-src 'self' blob:",
		"connect-src " + connect,
		"worker-src 'self'",
		"manifest-src 'self'",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors " + strings.Join(h.cfg.FrameAncestors, " "),
	}, "; ")
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?$`)

// plainHost accepts a name or an address with an optional port, and nothing
// that could add a word or a directive to the policy.
func plainHost(host string) bool {
	name := host
	if h, port, err := net.SplitHostPort(host); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
		name = h
	} else if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		name = host[1 : len(host)-1]
	}
	if strings.Contains(name, ":") {
		return strings.HasPrefix(host, "[") && net.ParseIP(name) != nil
	}
	return hostName.MatchString(name)
}
