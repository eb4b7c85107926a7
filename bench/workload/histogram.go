package workload

import (
	"math"
	"math/bits"
	"time"
)

// histogram counts durations in buckets that are less than 1 % wide, so that a
// run of any length needs the same little memory. Not for concurrent use.
type histogram struct {
	counts [buckets]uint32
	n      uint64
	max    time.Duration
}

const (
	subBits = 7 // each power of two is divided into 128
	buckets = (64 - subBits) << subBits
)

func bucket(v uint64) int {
	shift := max(0, bits.Len64(v)-subBits-1)
	return shift<<subBits + int(v>>shift)
}

// middle is a value in the middle of bucket i.
func middle(i int) uint64 {
	shift := max(0, i>>subBits-1)
	return uint64(i-shift<<subBits)<<shift + (uint64(1)<<shift)/2
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(uint64(max(d, 0)))]++
	h.n++
	h.max = max(h.max, d)
}

func (h *histogram) merge(o *histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
	h.max = max(h.max, o.max)
}

// quantile returns the value that a share q of the durations does not exceed.
func (h *histogram) quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(h.n)))
	var seen uint64
	for i, n := range h.counts {
		if seen += uint64(n); n > 0 && seen >= rank {
			return min(time.Duration(middle(i)), h.max)
		}
	}
	return h.max
}

// Quantiles are in milliseconds.
type Quantiles struct {
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
}

func (h *histogram) quantiles() *Quantiles {
	if h.n == 0 {
		return nil
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return &Quantiles{ms(h.quantile(0.5)), ms(h.quantile(0.99)), ms(h.quantile(0.999)), ms(h.max)}
}
