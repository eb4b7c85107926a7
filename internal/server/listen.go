package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"

	"github.com/pires/go-proxyproto"

	"parley/c2s"
	"parley/internal/config"
	"parley/internal/httpd"
	"parley/webclient"
)

// The names of the listeners.
const (
	listenHTTP    = "http"
	listenHTTPS   = "https"
	listenC2S     = "c2s"
	listenC2STLS  = "c2s-tls"
	listenOperate = "admin"
)

type listener struct {
	name string
	net.Listener
}

// listen opens all configured addresses before anything is served, so that a
// busy port stops the start.
func (s *Server) listen(ctx context.Context) error {
	var lc net.ListenConfig
	for _, l := range []struct{ name, key, addr string }{
		{listenHTTP, "http.addr", s.cfg.HTTP.Addr},
		{listenHTTPS, "http.tls_addr", s.cfg.HTTP.TLSAddr},
		{listenC2S, "c2s.addr", s.cfg.C2S.Addr},
		{listenC2STLS, "c2s.tls_addr", s.cfg.C2S.TLSAddr},
		{listenOperate, "admin.addr", s.cfg.Admin.Addr},
	} {
		if l.addr == "" {
			continue
		}
		opened, err := lc.Listen(ctx, "tcp", l.addr)
		if err != nil {
			return listenError(l.key, l.addr, err)
		}
		s.listeners = append(s.listeners, listener{l.name, opened})
	}
	return nil
}

func listenError(key, addr string, err error) error {
	env := config.EnvOf(key)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: %s is in use, perhaps by another server; stop it, or choose another address with %s", key, addr, env)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: this user may not listen on %s; ports below 1024 need the right to (setcap cap_net_bind_service), or choose another with %s", key, addr, env)
	}
	return fmt.Errorf("%s: cannot listen on %s: %w; choose another address with %s", key, addr, err, env)
}

// Addr returns the address of a listener: "http", "https", "c2s", "c2s-tls" or
// "admin"; nil if it is off.
func (s *Server) Addr(name string) net.Addr {
	for _, l := range s.listeners {
		if l.name == name {
			return l.Addr()
		}
	}
	return nil
}

// serve starts accepting on all listeners but the operator's.
func (s *Server) serve(context.Context) error {
	handler := s.handler()
	for _, l := range s.listeners {
		switch l.name {
		case listenHTTP:
			s.serveHTTP(l, handler)
		case listenHTTPS:
			s.serveHTTP(tls.NewListener(l, s.certs.TLSConfig("http/1.1")), s.strict(handler))
		case listenC2S, listenC2STLS:
			s.serveC2S(l)
		}
	}
	return nil
}

// strict adds HSTS where browsers come to port 443: to the listener itself, or by
// what public_url says of whatever forwards the port. A self-signed certificate is
// for a try, after which the host may serve something else.
func (s *Server) strict(h http.Handler) http.Handler {
	_, port, err := net.SplitHostPort(s.cfg.HTTP.TLSAddr)
	if s.certs.SelfSigned() || err != nil || port != "443" && !httpsByDefault(s.cfg.PublicURL) {
		return h
	}
	return httpd.StrictTransport(h)
}

// httpsByDefault reports whether the URL is https on port 443.
func httpsByDefault(public string) bool {
	u, err := url.Parse(public)
	return err == nil && u.Scheme == "https" && (u.Port() == "" || u.Port() == "443")
}

func (s *Server) serveHTTP(l net.Listener, h http.Handler) {
	web := httpd.Server(h, s.log.With("module", "http"))
	s.web = append(s.web, web)
	s.serving.Go(func() {
		if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.fail(fmt.Errorf("http: %w", err))
		}
	})
}

func (s *Server) serveC2S(l listener) {
	var accept net.Listener = l
	if s.cfg.C2S.ProxyProtocol {
		accept = s.proxied(l)
	}
	s.serving.Go(func() {
		if err := s.clients.ServeTCP(accept, l.name == listenC2STLS); err != nil {
			s.fail(fmt.Errorf("%s: %w", l.name, err))
		}
	})
}

// proxied reads the PROXY protocol's line from trusted proxies; from others it
// is a protocol error like any other.
func (s *Server) proxied(l net.Listener) net.Listener {
	return &proxyproto.Listener{
		Listener:          l,
		ReadHeaderTimeout: s.cfg.Limits.AuthTimeout,
		ConnPolicy: func(o proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
			ap, err := netip.ParseAddrPort(o.Upstream.String())
			if err != nil {
				return proxyproto.SKIP, nil
			}
			for _, p := range s.cfg.TrustedProxies {
				if p.Contains(ap.Addr().Unmap()) {
					return proxyproto.REQUIRE, nil
				}
			}
			return proxyproto.SKIP, nil
		},
	}
}

// fail makes Run end with the first error.
func (s *Server) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

func (s *Server) handler() http.Handler {
	opts := httpd.Options{
		Domain: s.cfg.Domain,
		WebSocket: func(w http.ResponseWriter, r *http.Request, c httpd.Client) {
			s.clients.ServeWebSocket(w, r, c2s.Peer{Addr: c.Addr, Loopback: c.Loopback, Secure: c.Secure, Proxied: c.Proxied})
		},
		Pages: webclient.Handler(webclient.Config{
			Domain: s.cfg.Domain, WebSocketPath: httpd.WebSocketPath,
			Registration: webclient.Registration(s.cfg.Registration),
			Version:      Version(), Demo: len(s.demo) > 0,
		}),
		Origins: s.cfg.HTTP.Origins,
		Proxies: s.cfg.TrustedProxies,
		Local:   s.cfg.LocalNetworks,
		Ready:   func(r *http.Request) error { return s.store.Ping(r.Context()) },
		Log:     s.log.With("module", "http"),
	}
	if s.cfg.PublicURL != "" {
		opts.Origins = append(opts.Origins, s.cfg.PublicURL)
		opts.WebSocketURL = "ws" + s.cfg.PublicURL[len("http"):] + httpd.WebSocketPath
	}
	return httpd.New(opts)
}
