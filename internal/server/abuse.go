package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"parley/c2s"
)

// abuse collects what tells of attacks: logins by outcome, limits that were hit
// and streams that ended with an error.
type abuse struct {
	clients              *c2s.Server
	logins, limits, ends *prometheus.Desc
}

func newAbuse(clients *c2s.Server) *abuse {
	return &abuse{
		clients: clients,
		logins:  prometheus.NewDesc("parley_authentications_total", "Attempts to log in.", []string{"mechanism", "result"}, nil),
		limits:  prometheus.NewDesc("parley_limit_hits_total", "How often clients ran into a limit, by its configuration key.", []string{"limit"}, nil),
		ends:    prometheus.NewDesc("parley_stream_errors_total", "Streams that ended with an error.", []string{"condition"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (a *abuse) Describe(all chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{a.logins, a.limits, a.ends} {
		all <- d
	}
}

// Collect implements prometheus.Collector.
func (a *abuse) Collect(all chan<- prometheus.Metric) {
	for l, n := range a.clients.Logins() {
		all <- counter(a.logins, n, l.Mechanism, l.Result)
	}
	for limit, n := range a.clients.LimitHits() {
		all <- counter(a.limits, n, limit)
	}
	for condition, n := range a.clients.StreamErrors() {
		all <- counter(a.ends, n, condition)
	}
}

func counter(desc *prometheus.Desc, n uint64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), labels...)
}
