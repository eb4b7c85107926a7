package workload

import (
	"context"
	"fmt"
	"sync"
	"time"
)

var storm = Spec{
	Name:        "storm",
	Doc:         "cut all connections at once; everybody comes back at the same time",
	Defaults:    Options{Users: 2000, Duration: 5 * time.Second}.Or(common),
	Users:       func(o Options) int { return o.Users },
	Connections: func(o Options) int { return 2 * o.Users }, // the old ones may not be gone
	Run:         runStorm,
}

// runStorm counts as latency the time from the cut until a user is back: logged
// in, available, and everything said so far was handled. Duration is how long the
// last one may take.
func runStorm(ctx context.Context, e *Env) (Result, error) {
	r := e.result("storm", "login", e.Users)
	r.Mechanism = string(e.Mechanism)
	all, err := e.online(ctx, e.Users)
	if err != nil {
		return r, err
	}
	m, err := e.measure()
	if err != nil {
		all.cut()
		return r, err
	}
	e.say("cutting all connections")
	start := time.Now()
	all.cut()
	times, err := e.comeBack(ctx, all, start)
	defer all.cut()
	if err != nil {
		return r, err
	}
	if took := time.Since(start); took > e.Duration {
		return r, fmt.Errorf("the last of %d users was back after %v, more than %v", len(all), took.Round(time.Millisecond), e.Duration)
	}
	r.Ops, r.Latency = int64(len(all)), times.quantiles()
	if err := m.into(&r); err != nil {
		return r, err
	}
	return r, e.logout(ctx, all)
}

// comeBack logs all users in at the same time.
func (e *Env) comeBack(ctx context.Context, all sessions, start time.Time) (*histogram, error) {
	var mu sync.Mutex // guards times
	times := &histogram{}
	err := together(ctx, len(all), nil, func(ctx context.Context, i int) (err error) {
		if all[i], err = e.Login(ctx, i); err != nil {
			return err
		}
		all[i].Conn.Deadline(time.Now().Add(loginTime))
		if err := all[i].SendPresence(""); err != nil {
			return err
		}
		if err := all[i].Fence(nil); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		times.add(time.Since(start))
		return nil
	})
	return times, err
}
