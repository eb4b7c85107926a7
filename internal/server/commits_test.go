package server

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/storage/sqlstore"
)

func TestCommitMetrics(t *testing.T) {
	t.Parallel()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(newCommits(func() sqlstore.Stats {
		return sqlstore.Stats{
			Batches: sqlstore.Histogram{Bounds: []float64{1, 2}, Counts: []uint64{3, 4, 5}, Sum: 90},
			Commits: sqlstore.Histogram{Bounds: []float64{.5}, Counts: []uint64{6, 1}, Sum: 2.5},
			Queued:  7, Oldest: 1500 * time.Millisecond, Retries: 8, Failures: 9,
		}
	}))
	w := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`parley_commit_batch_size_bucket{le="1"} 3`, `parley_commit_batch_size_bucket{le="2"} 7`,
		`parley_commit_batch_size_bucket{le="+Inf"} 12`, `parley_commit_batch_size_sum 90`,
		`parley_commit_duration_seconds_bucket{le="0.5"} 6`, `parley_commit_duration_seconds_count 7`,
		`parley_commit_queue_length 7`, `parley_commit_queue_age_seconds 1.5`,
		`parley_commit_retries_total 8`, `parley_commit_failures_total 9`,
	} {
		if !strings.Contains(w.Body.String(), want+"\n") {
			t.Errorf("%s is missing in\n%s", want, w.Body)
		}
	}
}
