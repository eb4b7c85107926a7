package sqlstore

import (
	"slices"
	"sync"
	"time"
)

// Stats tells how the commit pipeline does.
type Stats struct {
	Batches Histogram // writes per transaction
	Commits Histogram // seconds that a transaction took, its repetitions apart
	// Queued writes wait now, the oldest of them for so long.
	Queued   int
	Oldest   time.Duration
	Retries  uint64 // transactions that were tried again
	Failures uint64 // writes that failed because of the database
}

// Since returns what was added since older. Queued and Oldest stay.
func (s Stats) Since(older Stats) Stats {
	s.Batches, s.Commits = s.Batches.since(older.Batches), s.Commits.since(older.Commits)
	s.Retries, s.Failures = s.Retries-older.Retries, s.Failures-older.Failures
	return s
}

// Histogram counts values by size.
type Histogram struct {
	Bounds []float64 // upper, inclusive, growing
	Counts []uint64  // values up to each bound and above the one before; one more for those above all
	Sum    float64
}

func newHistogram(bounds ...float64) Histogram {
	return Histogram{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}
}

func (h *Histogram) observe(value float64) {
	i, _ := slices.BinarySearch(h.Bounds, value)
	h.Counts[i]++
	h.Sum += value
}

func (h Histogram) clone() Histogram {
	h.Counts = slices.Clone(h.Counts)
	return h
}

func (h Histogram) since(older Histogram) Histogram {
	h = h.clone()
	for i := range older.Counts {
		h.Counts[i] -= older.Counts[i]
	}
	h.Sum -= older.Sum
	return h
}

// Count is how many values there are.
func (h Histogram) Count() (n uint64) {
	for _, c := range h.Counts {
		n += c
	}
	return n
}

// Mean of the values.
func (h Histogram) Mean() float64 {
	if n := h.Count(); n > 0 {
		return h.Sum / float64(n)
	}
	return 0
}

// Quantile of the values, as near as the bounds tell; above all of them it is
// the highest bound.
func (h Histogram) Quantile(q float64) float64 {
	if h.Count() == 0 {
		return 0
	}
	rank, lower := q*float64(h.Count()), 0.0
	for i, upper := range h.Bounds {
		n := float64(h.Counts[i])
		if n > 0 && rank <= n {
			return lower + (upper-lower)*rank/n
		}
		rank, lower = rank-n, upper
	}
	return lower
}

// counters gather the Stats.
type counters struct {
	mu    sync.Mutex
	stats Stats // guarded by mu; Queued and Oldest stay zero
}

func newCounters() *counters {
	return &counters{stats: Stats{
		Batches: newHistogram(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
		Commits: newHistogram(.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10),
	}}
}

func (c *counters) committed(writes int, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Batches.observe(float64(writes))
	c.stats.Commits.observe(took.Seconds())
}

func (c *counters) repeated() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Retries++
}

func (c *counters) failed(writes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Failures += uint64(writes)
}

func (c *counters) copy() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Batches, s.Commits = s.Batches.clone(), s.Commits.clone()
	return s
}

// Stats tells how the commit pipeline does, since the store was opened.
func (s *Store) Stats() Stats {
	stats := s.commits.counters.copy()
	s.commits.mu.Lock()
	defer s.commits.mu.Unlock()
	if stats.Queued = len(s.commits.queue); stats.Queued > 0 {
		stats.Oldest = time.Since(s.commits.queue[0].queued)
	}
	return stats
}
