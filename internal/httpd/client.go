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
	told := forwarded(req.Header)
	c.Proxied = len(told) > 0
	switch {
	case len(told) == 0:
		c.Loopback = c.Addr.IsLoopback() || contains(r.local, c.Addr)
	case !r.trusted(c.Addr):
		// Somebody forwards whom we were not told about: the sender may be
		// anywhere, so this is no loopback connection.
		r.warn(c.Addr)
	default:
		c.Secure = c.Secure || allSecure(told)
		c.TLS = nil // the client's TLS ends at the proxy: nothing to bind to
		c.Addr = r.origin(c.Addr, told)
	}
	return c
}

// origin returns the client's address, or the nearest proxy's if what is told
// does not agree: a proxy sets one kind of header and passes on whatever else
// the client has made up.
func (r *resolver) origin(proxy netip.Addr, told []forwarding) netip.Addr {
	addr := r.walk(proxy, told[0].hops)
	for _, f := range told[1:] {
		if r.walk(proxy, f.hops) != addr {
			return proxy
		}
	}
	return addr
}

// walk stops at a hop without a readable address ("unknown", "_hidden"): what
// stands before it is hearsay.
func (r *resolver) walk(nearest netip.Addr, hops []netip.Addr) netip.Addr {
	for i := len(hops) - 1; i >= 0 && hops[i].IsValid() && r.trusted(nearest); i-- {
		nearest = hops[i]
	}
	return nearest
}

func allSecure(told []forwarding) bool {
	secure := false
	for _, f := range told {
		switch f.proto {
		case "https", "wss":
			secure = true
		case "":
		default:
			return false
		}
	}
	return secure
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

// forwarding is what one kind of header tells: the addresses, farthest first,
// and the protocol that the nearest proxy saw.
type forwarding struct {
	hops  []netip.Addr
	proto string
}

// forwarded reads RFC 7239 and the older X- headers, those that are there.
func forwarded(h http.Header) []forwarding {
	var told []forwarding
	if elements := list(h, "Forwarded"); len(elements) > 0 {
		told = append(told, standard(elements))
	}
	addrs, protos := list(h, "X-Forwarded-For"), list(h, "X-Forwarded-Proto")
	if len(addrs)+len(protos) == 0 {
		return told
	}
	var f forwarding
	for _, a := range addrs {
		f.hops = append(f.hops, parseNode(a))
	}
	if len(protos) > 0 {
		f.proto = strings.ToLower(protos[len(protos)-1])
	}
	return append(told, f)
}

// list returns the elements of a header in all its lines.
func list(h http.Header, name string) []string {
	var out []string
	for _, line := range h.Values(name) {
		for _, e := range strings.Split(line, ",") {
			out = append(out, strings.TrimSpace(e))
		}
	}
	return out
}

// standard reads the elements of Forwarded. Each is one proxy's, so the
// protocol is the last one's or unknown.
func standard(elements []string) forwarding {
	var f forwarding
	for _, e := range elements {
		var addr netip.Addr
		f.proto = ""
		for _, pair := range strings.Split(e, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			switch strings.ToLower(name) {
			case "for":
				addr = parseNode(value)
			case "proto":
				f.proto = strings.ToLower(strings.Trim(value, `"`))
			}
		}
		f.hops = append(f.hops, addr)
	}
	return f
}

// parseNode reads an address with or without port and brackets (RFC 7239 §6);
// the zero Addr if it is none.
func parseNode(s string) netip.Addr {
	s = strings.Trim(s, `"`)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap()
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}
