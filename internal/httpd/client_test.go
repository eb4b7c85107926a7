package httpd

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// TestClient: who sent a request, behind proxies that are trusted and those
// that are not. The trusted ones are 127.0.0.1 and 10.0.0.0/8.
func TestClient(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")}
	local := []netip.Prefix{netip.MustParsePrefix("172.17.0.0/16")}
	type headers = [][2]string
	cases := map[string]struct {
		remote   string
		headers  headers
		addr     string
		secure   bool
		loopback bool
	}{
		"direct":               {"192.0.2.1:99", nil, "192.0.2.1", false, false},
		"direct, loopback":     {"127.0.0.1:99", nil, "127.0.0.1", false, true},
		"direct, loopback v6":  {"[::1]:99", nil, "::1", false, true},
		"direct, mapped":       {"[::ffff:127.0.0.1]:99", nil, "127.0.0.1", false, true},
		"local network":        {"172.17.0.9:99", nil, "172.17.0.9", false, true},
		"one proxy":            {"127.0.0.1:99", headers{{"X-Forwarded-For", "192.0.2.1"}}, "192.0.2.1", false, false},
		"one proxy, https":     {"127.0.0.1:99", headers{{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}}, "192.0.2.1", true, false},
		"only the protocol":    {"127.0.0.1:99", headers{{"X-Forwarded-Proto", "HTTPS"}}, "127.0.0.1", true, false},
		"client on proxy host": {"127.0.0.1:99", headers{{"X-Forwarded-For", "127.0.0.1"}}, "127.0.0.1", false, false},
		"two proxies":          {"127.0.0.1:99", headers{{"X-Forwarded-For", "192.0.2.1, 10.1.2.3"}}, "192.0.2.1", false, false},
		"in two lines":         {"127.0.0.1:99", headers{{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-For", "10.1.2.3"}}, "192.0.2.1", false, false},
		"made-up chain":        {"127.0.0.1:99", headers{{"X-Forwarded-For", "198.51.100.7, 192.0.2.1, 10.1.2.3"}}, "192.0.2.1", false, false},
		"made-up proxy":        {"127.0.0.1:99", headers{{"X-Forwarded-For", "198.51.100.7, 10.9.9.9, 192.0.2.1"}}, "192.0.2.1", false, false},
		"nonsense is nearest":  {"127.0.0.1:99", headers{{"X-Forwarded-For", "198.51.100.7, nonsense"}}, "127.0.0.1", false, false},
		"empty":                {"127.0.0.1:99", headers{{"X-Forwarded-For", ""}}, "127.0.0.1", false, false},
		"made-up protocol":     {"127.0.0.1:99", headers{{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Proto", "http"}}, "192.0.2.1", false, false},
		"standard":             {"127.0.0.1:99", headers{{"Forwarded", `for="[2001:db8::1]:4711";proto=https;by=10.0.0.1`}}, "2001:db8::1", true, false},
		"standard, chain":      {"127.0.0.1:99", headers{{"Forwarded", `For=198.51.100.7, for=192.0.2.1;Proto=wss, for=10.0.0.2;proto=https`}}, "192.0.2.1", true, false},
		"made-up standard":     {"127.0.0.1:99", headers{{"Forwarded", `for=198.51.100.7;proto=https, for=192.0.2.1`}}, "192.0.2.1", false, false},
		"standard, unknown":    {"127.0.0.1:99", headers{{"Forwarded", `for=198.51.100.7, for=unknown`}}, "127.0.0.1", false, false},
		"standard, hidden":     {"127.0.0.1:99", headers{{"Forwarded", `for=198.51.100.7, for=_x;proto=https`}}, "127.0.0.1", true, false},
		"standard without for": {"127.0.0.1:99", headers{{"Forwarded", `for=198.51.100.7, by=10.0.0.1`}}, "127.0.0.1", false, false},
		"both agree":           {"127.0.0.1:99", headers{{"Forwarded", "for=192.0.2.1;proto=https"}, {"X-Forwarded-For", "192.0.2.1"}}, "192.0.2.1", true, false},
		"passed-on standard":   {"127.0.0.1:99", headers{{"Forwarded", "for=198.51.100.7;proto=https"}, {"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "http"}}, "127.0.0.1", false, false},
		"unknown proxy":        {"192.0.2.9:99", headers{{"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-Proto", "https"}}, "192.0.2.9", false, false},
		"unknown local proxy":  {"[::1]:99", headers{{"X-Forwarded-For", "127.0.0.1"}}, "::1", false, false},
		"unknown, standard":    {"[::1]:99", headers{{"Forwarded", "for=127.0.0.1"}}, "::1", false, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := resolver{proxies: proxies, local: local, log: slog.New(slog.DiscardHandler)}
			req := httptest.NewRequest(http.MethodGet, "/", nil)
			req.RemoteAddr = c.remote
			for _, h := range c.headers {
				req.Header.Add(h[0], h[1])
			}
			got := r.client(req)
			if got.Addr != netip.MustParseAddr(c.addr) || got.Secure != c.secure || got.Loopback != c.loopback {
				t.Errorf("got %+v, want %s secure %t loopback %t", got, c.addr, c.secure, c.loopback)
			}
		})
	}
}

// TestClientTLS: encryption that ends here counts with and without proxies, but
// is bound to the client only without.
func TestClientTLS(t *testing.T) {
	t.Parallel()
	r := resolver{proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, log: slog.New(slog.DiscardHandler)}
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.RemoteAddr, req.TLS = "127.0.0.1:1", new(tls.ConnectionState)
	if c := r.client(req); !c.Secure || c.TLS == nil {
		t.Errorf("direct: %+v", c)
	}
	req.Header.Set("X-Forwarded-For", "192.0.2.1")
	if c := r.client(req); !c.Secure || c.TLS != nil {
		t.Errorf("proxy: %+v", c)
	}
}
