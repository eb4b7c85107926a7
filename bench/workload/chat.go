package workload

import (
	"context"
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

func runChat(ctx context.Context, e *Env) (Result, error) {
	r := e.result("chat", "message", 2*e.Pairs)
	all, err := e.online(ctx, 2*e.Pairs)
	if err != nil {
		return r, err
	}
	defer all.cut()
	l, times, talks := e.newLoop(), make([]histogram, e.Pairs), make([][2]*talk, e.Pairs)
	for i := range talks {
		talks[i] = [2]*talk{e.talk(all[2*i], all[2*i+1]), e.talk(all[2*i+1], all[2*i])}
	}
	var m *meter
	err = together(ctx, e.Pairs+1, all.cut, func(ctx context.Context, i int) (err error) {
		if i == e.Pairs {
			m, err = l.run(ctx, e)
			return err
		}
		return e.converse(l, talks[i], &times[i])
	})
	if err != nil {
		return r, err
	}
	if err := m.into(&r); err != nil {
		return r, err
	}
	r.Latency = merged(times, &r.Ops)
	all.deadline(time.Now().Add(e.Patience)) // what follows is not measured
	err = e.spread(ctx, e.Pairs, func(_ context.Context, i int) error { return quiet(talks[i][:]...) })
	if err != nil {
		return r, err
	}
	return r, e.logout(ctx, all)
}

// converse lets two users write to each other in turn.
func (e *Env) converse(l *loop, talks [2]*talk, times *histogram) error {
	now := time.Now()
	for turn := 0; ; turn = 1 - turn {
		measured, on := l.next()
		if !on {
			return nil
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
