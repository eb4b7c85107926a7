package c2s

import "time"

// bucket is a token bucket: burst tokens at once, perSecond more each second.
// It is owned by the reader, which it slows down: nothing is refused.
type bucket struct {
	perSecond, burst float64 // perSecond 0: no limit
	tokens           float64
	at               time.Time
}

func newBucket(perSecond, burst int) bucket {
	return bucket{perSecond: float64(perSecond), burst: float64(burst), tokens: float64(burst)}
}

// take removes n tokens and returns how long to wait before going on. More than
// the burst is allowed at once and paid for afterwards.
func (b *bucket) take(now time.Time, n int) time.Duration {
	if b.perSecond == 0 {
		return 0
	}
	if !b.at.IsZero() {
		b.tokens = min(b.burst, b.tokens+max(0, now.Sub(b.at).Seconds())*b.perSecond)
	}
	b.at = now
	b.tokens -= float64(n)
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(-b.tokens / b.perSecond * float64(time.Second))
}
