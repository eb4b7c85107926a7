package workload

import (
	"context"
	"sync"
	"time"
)

var login = Spec{
	Name:        "login",
	Doc:         "connect, authenticate, bind, log out; over and over",
	Defaults:    Options{Users: 200, Count: 1000, Duration: 10 * time.Minute}.Or(common),
	Users:       func(o Options) int { return o.Users },
	Connections: func(o Options) int { return o.Parallel },
	Run:         runLogin,
}

func runLogin(ctx context.Context, e *Env) (Result, error) {
	r := e.result("login", "login", e.Parallel)
	r.Mechanism = string(e.Mechanism)
	// Each user once before it counts: so the generator has hashed all passwords.
	e.say("logging each of %d users in once", e.Users)
	if _, err := e.logins(ctx, e.Users, time.Now().Add(MaxDuration)); err != nil {
		return r, err
	}
	e.say("measuring logins")
	m, err := e.measure()
	if err != nil {
		return r, err
	}
	count := e.Count
	if count == 0 {
		count = MaxCount
	}
	times, err := e.logins(ctx, count, time.Now().Add(e.Duration))
	if err != nil {
		return r, err
	}
	r.Ops = int64(times.n)
	r.Latency = times.quantiles()
	return r, m.into(&r)
}

// logins logs users in and out, n times or until the given time, and tells how
// long each took until it was bound.
func (e *Env) logins(ctx context.Context, n int, until time.Time) (*histogram, error) {
	var mu sync.Mutex // guards times
	times := &histogram{}
	err := e.spread(ctx, n, func(ctx context.Context, i int) error {
		start := time.Now()
		if start.After(until) {
			return errEnough
		}
		s, err := e.Login(ctx, i%e.Users)
		if err != nil {
			return err
		}
		mu.Lock()
		times.add(time.Since(start))
		mu.Unlock()
		return s.End(time.Now().Add(loginTime))
	})
	return times, err
}
