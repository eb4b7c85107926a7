package httpd

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// resolver finds out who sent a request that may have come through proxies.
type resolver struct {
	proxies []netip.Prefix
	local   []netip.Prefix
	log     *slog.Logger
	warned  sync.Once
}

// client trusts forwarding headers from configured proxies only: it walks the
// list of addresses from the nearest one back to the first that is no proxy of
// ours (RFC 7239 §7.4).
func (r *resolver) client(req *http.Request) Client {
	c := Client{TLS: req.TLS, Secure: req.TLS != nil}
	if ap, err := netip.ParseAddrPort(req.RemoteAddr); err == nil {
		c.Addr = ap.Addr().Unmap()
	}
	hops, proto := forwarded(req.Header)
	switch {
	case !hasForwarding(req.Header):
		c.Loopback = c.Addr.IsLoopback() || contains(r.local, c.Addr)
	case !r.trusted(c.Addr):
		// Somebody forwards whom we were not told about: the sender may be
		// anywhere, so this is no loopback connection.
		r.warn(c.Addr)
	default:
		c.Secure = c.Secure || proto == "https" || proto == "wss"
		c.TLS = nil // the client's TLS ends at the proxy: nothing to bind to
		for i := len(hops) - 1; i >= 0; i-- {
			c.Addr = hops[i]
			if !r.trusted(c.Addr) {
				break
			}
		}
	}
	return c
}

func (r *resolver) trusted(a netip.Addr) bool { return contains(r.proxies, a) }

func contains(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (r *resolver) warn(a netip.Addr) {
	r.warned.Do(func() {
		r.log.Warn("requests come through a proxy that is not in trusted_proxies: client addresses and https are not believed", "addr", a.String())
	})
}

func hasForwarding(h http.Header) bool {
	return h.Get("Forwarded") != "" || h.Get("X-Forwarded-For") != "" || h.Get("X-Forwarded-Proto") != ""
}

// forwarded reads the addresses, farthest first, and the protocol that the
// nearest proxy saw. Forwarded (RFC 7239) wins over the X- headers.
func forwarded(h http.Header) (hops []netip.Addr, proto string) {
	if values := h.Values("Forwarded"); len(values) > 0 {
		for _, element := range strings.Split(strings.Join(values, ","), ",") {
			hops, proto = forwardedElement(element, hops, proto)
		}
		return hops, proto
	}
	for _, v := range strings.Split(strings.Join(h.Values("X-Forwarded-For"), ","), ",") {
		if a, ok := parseNode(v); ok {
			hops = append(hops, a)
		}
	}
	protos := strings.Split(h.Get("X-Forwarded-Proto"), ",")
	return hops, strings.ToLower(strings.TrimSpace(protos[len(protos)-1]))
}

func forwardedElement(element string, hops []netip.Addr, proto string) ([]netip.Addr, string) {
	for _, pair := range strings.Split(element, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch strings.ToLower(name) {
		case "for":
			if a, ok := parseNode(value); ok {
				hops = append(hops, a)
			}
		case "proto":
			proto = strings.ToLower(strings.Trim(value, `"`))
		}
	}
	return hops, proto
}

// parseNode reads an address with or without port and brackets (RFC 7239 §6).
func parseNode(s string) (netip.Addr, bool) {
	s = strings.Trim(strings.TrimSpace(s), `"`)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap(), err == nil
}
