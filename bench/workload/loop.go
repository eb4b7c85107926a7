package workload

import (
	"context"
	"sync/atomic"
	"time"
)

// phase is what the pairs of a closed loop do now.
type phase = int32

const (
	warming phase = iota
	measuring
	over
)

// loop is what the goroutines of a closed loop share.
type loop struct {
	phase atomic.Int32
	left  atomic.Int64 // operations to measure
	done  chan struct{}
}

func (e *Env) newLoop() *loop {
	l := &loop{done: make(chan struct{})}
	l.left.Store(MaxCount)
	if e.Count > 0 {
		l.left.Store(int64(e.Count))
	}
	return l
}

// next says whether to go on, and whether that counts.
func (l *loop) next() (measured, on bool) {
	switch l.phase.Load() {
	case warming:
		return false, true
	case measuring:
		switch n := l.left.Add(-1); {
		case n == 0:
			close(l.done)
			return true, true
		case n > 0:
			return true, true
		}
	}
	return false, false
}

// run lets the loop warm up and measures it until it is over by count or by time.
func (l *loop) run(ctx context.Context, e *Env) (*meter, error) {
	defer l.phase.Store(over)
	e.say("warming up for %v", e.Warmup)
	if err := wait(ctx, e.Warmup); err != nil {
		return nil, err
	}
	m, err := e.measure()
	if err != nil {
		return nil, err
	}
	e.say("measuring")
	l.phase.Store(measuring)
	t := time.NewTimer(e.Duration)
	defer t.Stop()
	select {
	case <-l.done:
	case <-t.C:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return m, nil
}

// repeat lets n workers do a step over and over, each its own, and measures
// that: an operation is a step. Steps may be long; so all have ended before what
// is measured begins, and before it is over, and each worker does one at least.
func (e *Env) repeat(ctx context.Context, r *Result, all sessions, n int, step func(worker int) error) error {
	e.say("warming up for %v", e.Warmup)
	if _, err := e.stint(ctx, all, n, e.Warmup, MaxCount, step); err != nil {
		return err
	}
	m, err := e.measure()
	if err != nil {
		return err
	}
	count := e.Count
	if count == 0 {
		count = MaxCount
	}
	e.say("measuring")
	times, err := e.stint(ctx, all, n, e.Duration, count, step)
	if err != nil {
		return err
	}
	r.Latency = merged(times, &r.Ops)
	return m.into(r)
}

// stint lets the workers begin steps for a while, no more than count, and waits
// for their ends.
func (e *Env) stint(ctx context.Context, all sessions, n int, d time.Duration, count int, step func(worker int) error) ([]histogram, error) {
	times, until := make([]histogram, n), time.Now().Add(d)
	var left atomic.Int64
	left.Store(int64(count))
	err := together(ctx, n, all.cut, func(_ context.Context, i int) error {
		for start := time.Now(); left.Add(-1) >= 0; {
			if err := step(i); err != nil {
				return err
			}
			now := time.Now()
			times[i].add(now.Sub(start))
			if now.After(until) {
				return nil
			}
			start = now
		}
		return nil
	})
	return times, err
}

func merged(all []histogram, ops *int64) *Quantiles {
	var sum histogram
	for i := range all {
		sum.merge(&all[i])
	}
	*ops = int64(sum.n)
	return sum.quantiles()
}
