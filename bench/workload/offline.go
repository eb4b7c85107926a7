package workload

import (
	"context"
	"time"

	"parley/bench/client"
)

var offline = Spec{
	Name:        "offline",
	Doc:         "messages to users who are away; they come back and fetch them",
	Defaults:    Options{Pairs: 20, Batch: 100, Duration: 10 * time.Second}.Or(common),
	Users:       func(o Options) int { return 2 * o.Pairs },
	Connections: func(o Options) int { return 2 * o.Pairs },
	Run:         runOffline,
}

// runOffline keeps all connections: users are away as long as they have sent no
// presence (RFC 6121 §8.5.2.2.1), so that no login is measured.
func runOffline(ctx context.Context, e *Env) (Result, error) {
	r := e.result("offline", "message", 2*e.Pairs)
	all, err := e.loginAll(ctx, 2*e.Pairs)
	if err != nil {
		return r, err
	}
	defer all.cut()
	talks := make([]*talk, e.Pairs)
	for i := range talks {
		talks[i] = e.talk(all[2*i], all[2*i+1])
		if err := talks[i].drain(); err != nil {
			return r, err
		}
	}
	err = e.repeat(ctx, &r, all, e.Pairs, func(i int) error {
		all[2*i : 2*i+2].extend(e.Patience)
		return talks[i].absence(e.Batch)
	})
	if err != nil {
		return r, err
	}
	// A step took all of an absence: the time of one says nothing about a message.
	r.Ops, r.Latency = r.Ops*int64(e.Batch), nil
	return r, e.logout(ctx, all)
}

// drain takes what an earlier run may have left in storage.
func (t *talk) drain() error {
	t.to.Conn.Deadline(time.Now().Add(loginTime))
	defer t.to.Conn.Deadline(time.Time{})
	if err := t.to.SendPresence(""); err != nil {
		return err
	}
	if err := t.to.Fence(nil); err != nil {
		return err
	}
	return t.away()
}

// away makes the receiver unavailable. What comes later is an error.
func (t *talk) away() error {
	if err := t.to.Conn.Send([]byte("<presence" + t.to.Conn.Namespace() + " type='unavailable'/>")); err != nil {
		return err
	}
	return t.to.Fence(t.nothingMore)
}

// absence sends n messages while the receiver is away and lets them be fetched.
func (t *talk) absence(n int) error {
	for range n {
		if err := t.send(); err != nil {
			return err
		}
	}
	if err := t.from.Fence(onlyPresence); err != nil {
		return err
	}
	if err := t.to.SendPresence(""); err != nil {
		return err
	}
	for range n {
		if err := t.receive(); err != nil {
			return err
		}
	}
	return t.away()
}

// onlyPresence is what a sender to users who are away may hear: no errors,
// which Next reports, and no messages.
func onlyPresence(st client.Stanza) error {
	if st.Kind == client.Message {
		return &client.Refused{Stanza: string(st.Raw)}
	}
	return nil
}
