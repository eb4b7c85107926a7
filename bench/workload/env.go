package workload

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"parley/bench/client"
)

// Env is a run of a workload.
type Env struct {
	Target
	Options
	Progress func(format string, args ...any) // nil: silent

	keys   client.Keys
	serial atomic.Int64 // of connections
	tag    string       // of this run's stanzas
}

// NewEnv prepares a run.
func NewEnv(t Target, o Options) *Env {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return &Env{Target: t, Options: o, tag: "pb-" + hex.EncodeToString(b[:]) + "-"}
}

func (e *Env) say(format string, args ...any) {
	if e.Progress != nil {
		e.Progress(format, args...)
	}
}

// loginTime bounds one login.
const loginTime = 30 * time.Second

// Login logs user n of this run in.
func (e *Env) Login(ctx context.Context, n int) (*client.Session, error) {
	deadline := time.Now().Add(loginTime)
	conn, err := e.Address.Dial(ctx, int(e.serial.Add(1)-1), deadline)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, conn.Close)
	defer stop()
	s, err := client.Login(conn, client.Account{
		User: e.Prefix + strconv.Itoa(e.First+n), Domain: e.Domain, Password: e.Password, Mechanism: e.Mechanism,
	}, &e.keys)
	if err != nil {
		conn.Close()
		return nil, err
	}
	conn.Deadline(time.Time{})
	return s, nil
}

// sessions are users who are logged in, in the order of their numbers.
type sessions []*client.Session

// loginAll logs the first n users in.
func (e *Env) loginAll(ctx context.Context, n int) (sessions, error) {
	e.say("logging %d users in", n)
	all := make(sessions, n)
	err := e.spread(ctx, n, func(ctx context.Context, i int) (err error) {
		all[i], err = e.Login(ctx, i)
		return err
	})
	if err != nil {
		all.cut()
		return nil, err
	}
	return all, nil
}

// online logs the first n users in and makes them available, so that messages to
// their bare JIDs reach them.
func (e *Env) online(ctx context.Context, n int) (sessions, error) {
	all, err := e.loginAll(ctx, n)
	if err != nil {
		return nil, err
	}
	err = e.spread(ctx, n, func(_ context.Context, i int) error {
		all[i].Conn.Deadline(time.Now().Add(loginTime))
		defer all[i].Conn.Deadline(time.Time{})
		if err := all[i].SendPresence(""); err != nil {
			return err
		}
		return all[i].Fence(nil)
	})
	if err != nil {
		all.cut()
		return nil, err
	}
	return all, nil
}

// errEnough ends a worker of spread in order.
var errEnough = errors.New("enough")

// spread calls f for 0 to n-1 on as many goroutines as logins may be under way.
func (e *Env) spread(ctx context.Context, n int, f func(context.Context, int) error) error {
	var next atomic.Int64
	return together(ctx, min(n, e.Parallel), nil, func(ctx context.Context, _ int) error {
		for ctx.Err() == nil {
			i := int(next.Add(1) - 1)
			if i >= n {
				return nil
			}
			switch err := f(ctx, i); {
			case errors.Is(err, errEnough):
				return nil
			case err != nil:
				return err
			}
		}
		return ctx.Err()
	})
}

// together runs f for 0 to n-1 at the same time. The first error cancels the
// others, calls cut to wake those that wait for a connection, and is returned
// when all have ended.
func together(ctx context.Context, n int, cut func(), f func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if cut != nil {
		defer context.AfterFunc(ctx, cut)()
	}
	var running sync.WaitGroup
	var failed atomic.Bool
	for i := range n {
		running.Go(func() {
			if err := f(ctx, i); err != nil {
				failed.Store(true)
				cancel(err)
			}
		})
	}
	running.Wait()
	if !failed.Load() {
		return nil
	}
	return context.Cause(ctx)
}

// cut ends all connections, which ends whoever reads them.
func (all sessions) cut() {
	for _, s := range all {
		if s != nil {
			s.Conn.Close()
		}
	}
}

// extend makes reading fail when nothing is heard for a while.
func (all sessions) extend(patience time.Duration) {
	now := time.Now()
	for _, s := range all {
		s.Conn.Extend(now, patience)
	}
}

func (all sessions) deadline(at time.Time) {
	for _, s := range all {
		s.Conn.Deadline(at)
	}
}

// logout ends all sessions in order.
func (e *Env) logout(ctx context.Context, all sessions) error {
	return e.spread(ctx, len(all), func(_ context.Context, i int) error {
		return all[i].End(time.Now().Add(loginTime))
	})
}
