package sasl

import (
	"context"
	"sync"
	"time"
)

// lookUpStep: the look-up of an account lasts so long, or twice, or three times.
// A database finds rows some microseconds later than it finds none, and a
// thousand tries would show who exists. It is more than a look-up takes, so
// nearly all last one step; it costs waiting and little work.
const lookUpStep = 2 * time.Millisecond

// evenly waits until the step is over in which a look-up that began then ends.
func (s *Server) evenly(ctx context.Context, begin time.Time) {
	if s.step <= 0 {
		return
	}
	steps := time.Since(begin)/s.step + 1
	select {
	case <-s.clock.at(begin.Add(steps * s.step)):
	case <-ctx.Done():
	}
}

// clock wakes attempts at exact times. The timers of Go are not good enough: an
// idle process sleeps for whole milliseconds from the moment when it has nothing
// to do, which is just what must not be seen. So one goroutine, while there are
// attempts, sleeps for all of them.
type clock struct {
	sleep func(time.Duration) // fixed; nil: as exactly as the system can

	mu      sync.Mutex
	waiting []alarm // guarded by mu, by time
	running bool    // guarded by mu
}

type alarm struct {
	time time.Time
	ring chan struct{}
}

// at returns a channel that is closed at that time.
func (c *clock) at(t time.Time) <-chan struct{} {
	a := alarm{t, make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	i := len(c.waiting)
	for i > 0 && c.waiting[i-1].time.After(t) {
		i--
	}
	c.waiting = append(c.waiting, alarm{})
	copy(c.waiting[i+1:], c.waiting[i:])
	c.waiting[i] = a
	if !c.running {
		c.running = true
		go c.run()
	}
	return a.ring
}

// run ends soon after the last attempt: nobody waits for it longer than a step.
func (c *clock) run() {
	sleep := c.sleep
	if sleep == nil {
		sleep = exactly
	}
	for {
		d, ok := c.next()
		if !ok {
			return
		}
		sleep(d)
	}
}

// next wakes who is due, and returns the time until the next one is.
func (c *clock) next() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waiting) > 0 {
		if d := time.Until(c.waiting[0].time); d > 0 {
			return d, true
		}
		close(c.waiting[0].ring)
		c.waiting = c.waiting[1:]
	}
	c.running, c.waiting = false, nil
	return 0, false
}
