package workload

import (
	"context"
	"sync/atomic"
	"time"
)

var chat = Spec{
	Name:        "chat",
	Doc:         "pairs who answer each other: each waits for the delivery before the next is sent",
	Defaults:    Options{Pairs: 50, Duration: 10 * time.Second}.Or(common),
	Users:       func(o Options) int { return 2 * o.Pairs },
	Connections: func(o Options) int { return 2 * o.Pairs },
	Run:         runChat,
}

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

func runChat(ctx context.Context, e *Env) (Result, error) {
	r := e.result("chat", "message", 2*e.Pairs)
	all, err := e.online(ctx, 2*e.Pairs)
	if err != nil {
		return r, err
	}
	defer all.cut()
	l, times := e.newLoop(), make([]histogram, e.Pairs)
	var m *meter
	err = together(ctx, e.Pairs+1, all.cut, func(ctx context.Context, i int) (err error) {
		if i == e.Pairs {
			m, err = l.run(ctx, e)
			return err
		}
		return e.converse(l, all[2*i:2*i+2], &times[i])
	})
	if err != nil {
		return r, err
	}
	if err := m.into(&r); err != nil {
		return r, err
	}
	r.Latency = merged(times, &r.Ops)
	return r, e.logout(ctx, all)
}

// converse lets two users write to each other in turn.
func (e *Env) converse(l *loop, pair sessions, times *histogram) error {
	talks := [2]*talk{e.talk(pair[0], pair[1]), e.talk(pair[1], pair[0])}
	now := time.Now()
	for turn := 0; ; turn = 1 - turn {
		measured, on := l.next()
		if !on {
			break
		}
		t := talks[turn]
		t.to.Conn.Extend(now, e.Patience)
		if err := t.send(); err != nil {
			return err
		}
		if err := t.receive(); err != nil {
			return err
		}
		sent := now
		now = time.Now()
		if measured {
			times.add(now.Sub(sent))
		}
	}
	pair.deadline(time.Now().Add(e.Patience))
	return quiet(talks[0], talks[1])
}

// quiet checks that nothing more than was sent arrives.
func quiet(talks ...*talk) error {
	for _, t := range talks {
		if err := t.to.Fence(t.nothingMore); err != nil {
			return err
		}
	}
	return nil
}

func merged(all []histogram, ops *int64) *Quantiles {
	var sum histogram
	for i := range all {
		sum.merge(&all[i])
	}
	*ops = int64(sum.n)
	return sum.quantiles()
}
