package c2s

import "time"

// bucket is a token bucket: burst tokens at once, perSecond more each second.
// It is owned by the reader, which it slows down: nothing is refused.
type bucket struct {
	perSecond, burst float32 // perSecond 0: no limit
	tokens           float64
	at               int64 // unix nanoseconds of the last look; 0: none
}

func newBucket(perSecond, burst int) bucket {
	return bucket{perSecond: float32(perSecond), burst: float32(burst), tokens: float64(burst)}
}

// take removes n tokens and returns how long to wait before going on. More than
// the burst is allowed at once and paid for afterwards.
func (b *bucket) take(now time.Time, n int) time.Duration {
	if b.perSecond == 0 {
		return 0
	}
	at := now.UnixNano()
	if b.at != 0 {
		b.tokens = min(float64(b.burst), b.tokens+max(0, time.Duration(at-b.at).Seconds())*float64(b.perSecond))
	}
	b.at = at
	b.tokens -= float64(n)
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(-b.tokens / float64(b.perSecond) * float64(time.Second))
}
