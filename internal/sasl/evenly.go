package sasl

import (
	"context"
	"time"
)

// lookUpStep: the look-up of an account lasts so long, or twice, or three times.
// A database finds rows some microseconds later than it finds none, and a
// thousand tries would show who exists. It is more than a look-up takes, so
// nearly all last one step; it costs waiting and no work.
const lookUpStep = 2 * time.Millisecond

// evenly waits until the step is over in which a look-up that began then ends.
func (s *Server) evenly(ctx context.Context, begin time.Time) {
	if s.step <= 0 {
		return
	}
	timer := time.NewTimer(s.step - time.Since(begin)%s.step)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
