package sqlstore

import (
	"slices"
	"testing"
)

func TestHistogram(t *testing.T) {
	t.Parallel()
	h := newHistogram(1, 2, 4)
	if h.Mean() != 0 || h.Quantile(0.5) != 0 {
		t.Errorf("of nothing: mean %v, median %v", h.Mean(), h.Quantile(0.5))
	}
	old := h.clone()
	for _, v := range []float64{0.5, 1, 1.5, 2, 3, 4, 4, 9} {
		h.observe(v)
	}
	if want := []uint64{2, 2, 3, 1}; !slices.Equal(h.Counts, want) {
		t.Errorf("got %v, want %v", h.Counts, want)
	}
	for q, want := range map[float64]float64{0: 0, 0.25: 1, 0.5: 2, 0.875: 4, 1: 4} {
		if got := h.Quantile(q); got != want {
			t.Errorf("quantile %v: got %v, want %v", q, got, want)
		}
	}
	if since := h.since(old); since.Count() != 8 || since.Mean() != 25./8 {
		t.Errorf("got %d, mean %v", since.Count(), since.Mean())
	}
	if since := h.since(h); since.Count() != 0 || since.Sum != 0 {
		t.Errorf("got %d, sum %v", since.Count(), since.Sum)
	}
}
