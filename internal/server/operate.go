package server

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/c2s"
	"parley/internal/admin"
	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// serveAdmin serves metrics and the news of what the command line changed, on
// the operator's listener.
func (s *Server) serveAdmin(context.Context) error {
	addr := s.Addr(listenOperate)
	if addr == nil {
		return nil
	}
	token, unsay, err := admin.Announce(s.cfg.DataDir, addr)
	if err != nil {
		return err
	}
	s.unsay = unsay
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics(), promhttp.HandlerOpts{}))
	mux.Handle("/v1/", admin.Handler(token, s.accountChanged))
	for _, l := range s.listeners {
		if l.name == listenOperate {
			s.serveHTTP(l, mux)
		}
	}
	return nil
}

// accountChanged acts on what another process wrote to the database.
func (s *Server) accountChanged(ctx context.Context, c admin.Change) error {
	account, err := jid.Parse(c.JID)
	if err != nil || !s.router.IsLocal(account) {
		return err
	}
	s.log.Info("account changed by the operator", "jid", c.JID, "op", string(c.What))
	if s.cfg.Log.Audit == "" { // else the command line has written it there
		RecordOperator(ctx, s.trail, c)
	}
	s.accounts.changed() // what was changed is in the database already
	switch {
	case c.What == admin.Removing:
		return s.accounts.Remove(ctx, account)
	case c.What == admin.Removed:
		s.router.AccountRemoved(ctx, account)
	case c.What == admin.TokensRevoked:
		s.accounts.endSessions(account, func(one module.Session) bool { return c2s.IsClient(one, c.Client) })
	case c.EndsSessions():
		s.router.EndSessions(account, &stanza.StreamError{Condition: stanza.StreamNotAuthorized})
	}
	return nil
}

// metrics are made when they are asked for; nothing is counted twice.
func (s *Server) metrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "parley", Name: name, Help: help},
			func() float64 { return float64(value()) })
	}
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newCommits(s.store.Stats),
		newAbuse(s.clients),
		gauge("connections", "Open client connections.", s.clients.Count),
		gauge("sessions", "Bound resources.", func() (n int) {
			s.router.EachSession(func(module.Session) { n++ })
			return n
		}),
	)
	return r
}
