package workload

import (
	"context"
	"fmt"
	"time"
)

var rate = Spec{
	Name:        "rate",
	Doc:         "messages at a fixed rate, whatever the server does: how long each takes",
	Defaults:    Options{Pairs: 50, Rate: 2000, Duration: 10 * time.Second}.Or(common),
	Users:       func(o Options) int { return 2 * o.Pairs },
	Connections: func(o Options) int { return 2 * o.Pairs },
	Run:         runRate,
}

// schedule says when each message is due. Message k belongs to pair k mod pairs.
type schedule struct {
	start       time.Time
	every       time.Duration
	pairs       int
	warm, total int // messages
}

func (e *Env) schedule() schedule {
	s := schedule{every: time.Second / time.Duration(e.Rate), pairs: e.Pairs}
	s.warm = int(e.Warmup / s.every)
	s.total = s.warm + int(e.Duration/s.every)
	if e.Count > 0 {
		s.total = min(s.total, s.warm+e.Count)
	}
	return s
}

func (s schedule) due(k int) time.Time { return s.start.Add(time.Duration(k) * s.every) }

// of is how many messages belong to pair i.
func (s schedule) of(i int) int { return (s.total - i + s.pairs - 1) / s.pairs }

func runRate(ctx context.Context, e *Env) (Result, error) {
	r := e.result("rate", "message", 2*e.Pairs)
	all, err := e.online(ctx, 2*e.Pairs)
	if err != nil {
		return r, err
	}
	defer all.cut()
	talks, senders := make([]*talk, e.Pairs), make(sessions, e.Pairs)
	for i := range talks {
		senders[i] = all[2*i]
		talks[i] = e.talk(all[2*i], all[2*i+1])
	}
	s := e.schedule()
	e.say("warming up for %v, then measuring %d messages", e.Warmup, s.total-s.warm)
	s.start = time.Now().Add(100 * time.Millisecond) // the goroutines have started by then
	all.deadline(s.due(s.total).Add(e.Patience))
	times := make([]histogram, e.Pairs)
	var late histogram
	var m *meter
	err = together(ctx, 3+e.Pairs, all.cut, func(ctx context.Context, i int) (err error) {
		switch i {
		case e.Pairs:
			m, err = e.measureFrom(ctx, s.due(s.warm))
		case e.Pairs + 1:
			err = senders.listen(ctx)
		case e.Pairs + 2:
			if err = s.send(ctx, talks, &late); err == nil {
				err = senders.askToFinish()
			}
		default:
			err = s.receive(i, talks[i], &times[i])
		}
		return err
	})
	if err != nil {
		return r, err
	}
	if err := m.into(&r); err != nil {
		return r, err
	}
	r.Latency, r.Late = merged(times, &r.Ops), late.quantiles()
	return r, e.logout(ctx, all)
}

func (e *Env) measureFrom(ctx context.Context, at time.Time) (*meter, error) {
	if err := wait(ctx, time.Until(at)); err != nil {
		return nil, err
	}
	return e.measure()
}

// send sends each message when it is due. late counts by how much it missed
// that: what is late by the generator's fault is in the latencies, too.
func (s schedule) send(ctx context.Context, talks []*talk, late *histogram) error {
	pause, done := pauser()
	defer done()
	for k := range s.total {
		due := s.due(k)
		for d := time.Until(due); d > 0; d = time.Until(due) {
			pause(d)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if k >= s.warm {
			late.add(time.Since(due))
		}
		if err := talks[k%s.pairs].send(); err != nil {
			return err
		}
	}
	return nil
}

// receive takes the messages of pair i.
func (s schedule) receive(i int, t *talk, times *histogram) error {
	for n := range s.of(i) {
		if err := t.receive(); err != nil {
			return err
		}
		if k := i + n*s.pairs; k >= s.warm {
			times.add(time.Since(s.due(k)))
		}
	}
	if t.got != uint64(s.of(i)) {
		return fmt.Errorf("%s received %d messages of %d", t.to.JID, t.got, s.of(i))
	}
	return t.to.Fence(t.nothingMore)
}
