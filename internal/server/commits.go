package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"parley/storage/sqlstore"
)

// commits collects what the commit pipeline tells of itself, when it is asked.
type commits struct {
	stats func() sqlstore.Stats

	batch, seconds, queued, oldest, retries, failures *prometheus.Desc
}

func newCommits(stats func() sqlstore.Stats) *commits {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("parley_commit_"+name, help, nil, nil)
	}
	return &commits{
		stats:    stats,
		batch:    desc("batch_size", "Writes per transaction."),
		seconds:  desc("duration_seconds", "Time from the begin of a transaction until it was on the disk."),
		queued:   desc("queue_length", "Writes that wait for a transaction."),
		oldest:   desc("queue_age_seconds", "For how long the first of them has waited."),
		retries:  desc("retries_total", "Transactions that had to be tried again."),
		failures: desc("failures_total", "Writes that failed because of the database."),
	}
}

// Describe implements prometheus.Collector.
func (c *commits) Describe(all chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, all) }

// Collect implements prometheus.Collector.
func (c *commits) Collect(all chan<- prometheus.Metric) {
	s := c.stats()
	all <- histogram(c.batch, s.Batches)
	all <- histogram(c.seconds, s.Commits)
	all <- prometheus.MustNewConstMetric(c.queued, prometheus.GaugeValue, float64(s.Queued))
	all <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, s.Oldest.Seconds())
	all <- prometheus.MustNewConstMetric(c.retries, prometheus.CounterValue, float64(s.Retries))
	all <- prometheus.MustNewConstMetric(c.failures, prometheus.CounterValue, float64(s.Failures))
}

// histogram adds the counts up, as Prometheus wants them.
func histogram(desc *prometheus.Desc, h sqlstore.Histogram) prometheus.Metric {
	sums, sum := map[float64]uint64{}, uint64(0)
	for i, bound := range h.Bounds {
		sum += h.Counts[i]
		sums[bound] = sum
	}
	return prometheus.MustNewConstHistogram(desc, h.Count(), h.Sum, sums)
}
