package workload

import (
	"context"
	"time"

	"parley/bench/proc"
)

var idle = Spec{
	Name:        "idle",
	Doc:         "users who are online and silent: memory per session, and CPU",
	Defaults:    Options{Users: 1000, Duration: 10 * time.Second}.Or(common),
	Users:       func(o Options) int { return o.Users },
	Connections: func(o Options) int { return o.Users },
	Run:         runIdle,
}

// warmSessions is how many users come and go before memory without sessions is
// read, so that it holds the code and the caches that any session needs.
const warmSessions = 50

func runIdle(ctx context.Context, e *Env) (Result, error) {
	r := e.result("idle", "session·second", e.Users)
	empty, err := e.emptyMemory(ctx)
	if err != nil {
		return r, err
	}
	all, err := e.online(ctx, e.Users)
	if err != nil {
		return r, err
	}
	defer all.cut()
	for _, s := range all {
		s.Conn.Shrink()
	}
	all.deadline(time.Now().Add(e.Settle + e.Duration + loginTime + e.Patience))
	err = together(ctx, 2, all.cut, func(ctx context.Context, i int) error {
		if i == 0 {
			return all.listen(ctx)
		}
		if err := e.measureIdle(ctx, empty, &r); err != nil {
			return err
		}
		return all.askToFinish()
	})
	return r, err
}

func (e *Env) emptyMemory(ctx context.Context) (proc.Memory, error) {
	warm, err := e.online(ctx, min(e.Users, warmSessions))
	if err != nil {
		return proc.Memory{}, err
	}
	defer warm.cut()
	if err := e.logout(ctx, warm); err != nil {
		return proc.Memory{}, err
	}
	return e.memory(ctx)
}

// memory reads the server's memory when it has had time to let go of garbage.
func (e *Env) memory(ctx context.Context) (proc.Memory, error) {
	if len(e.Processes) == 0 {
		return proc.Memory{}, nil
	}
	if err := wait(ctx, e.Settle); err != nil {
		return proc.Memory{}, err
	}
	return proc.Resident(e.Processes)
}

func (e *Env) measureIdle(ctx context.Context, empty proc.Memory, r *Result) error {
	if err := wait(ctx, e.Settle); err != nil {
		return err
	}
	e.say("holding %d sessions for %v", e.Users, e.Duration)
	m, err := e.measure()
	if err != nil {
		return err
	}
	if err := wait(ctx, e.Duration); err != nil {
		return err
	}
	if err := m.into(r); err != nil {
		return err
	}
	r.Ops = int64(float64(e.Users) * r.Seconds)
	if !r.Measured {
		return nil
	}
	full, err := proc.Resident(e.Processes)
	r.Memory = &MemoryResult{
		EmptyRSS: empty.RSS, EmptyPSS: empty.PSS, RSS: full.RSS, PSS: full.PSS,
		RSSPerSession: (full.RSS - empty.RSS) / int64(e.Users),
		PSSPerSession: (full.PSS - empty.PSS) / int64(e.Users),
	}
	return err
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
