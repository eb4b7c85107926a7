package workload

import (
	"context"
	"fmt"
	"time"

	"parley/bench/client"
	"parley/bench/wire"
)

var archive = Spec{
	Name:        "archive",
	Doc:         "messages that are stored: senders wait for acknowledgements (XEP-0198)",
	Defaults:    Options{Pairs: 100, Batch: 10, Duration: 10 * time.Second}.Or(common),
	Users:       func(o Options) int { return 2 * o.Pairs },
	Connections: func(o Options) int { return 2 * o.Pairs },
	Run:         runArchive,
}

func runArchive(ctx context.Context, e *Env) (Result, error) {
	r := e.result("archive", "message", 2*e.Pairs)
	all, err := e.online(ctx, 2*e.Pairs)
	if err != nil {
		return r, err
	}
	defer all.cut()
	talks := make([]*acknowledged, e.Pairs)
	for i := range talks {
		talks[i] = &acknowledged{talk: e.talk(all[2*i], all[2*i+1])}
		if err := all[2*i].Manage(); err != nil {
			return r, err
		}
	}
	err = e.repeat(ctx, &r, all, e.Pairs, func(i int) error {
		all[2*i : 2*i+2].extend(e.Patience)
		return talks[i].batch(e.Batch)
	})
	if err != nil {
		return r, err
	}
	r.Ops *= int64(e.Batch) // the latency is an acknowledgement's and a delivery's
	for _, t := range talks {
		t.to.Conn.Deadline(time.Now().Add(e.Patience))
		if err := quiet(t.talk); err != nil {
			return r, err
		}
	}
	return r, e.logout(ctx, all)
}

// acknowledged is a talk whose sender waits until the server has taken
// responsibility (XEP-0198 §4).
type acknowledged struct {
	*talk
	acked uint32
}

func (t *acknowledged) batch(n int) error {
	for range n {
		if err := t.send(); err != nil {
			return err
		}
	}
	if err := t.from.RequestAck(); err != nil {
		return err
	}
	for uint64(t.acked) < t.sent {
		if err := t.acknowledgement(); err != nil {
			return err
		}
	}
	for range n {
		if err := t.receive(); err != nil {
			return err
		}
	}
	return nil
}

func (t *acknowledged) acknowledgement() error {
	st, err := t.from.Next()
	switch {
	case wire.TimedOut(err):
		return fmt.Errorf("%s: %d of %d messages are acknowledged: %w", t.from.JID, t.acked, t.sent, err)
	case err != nil:
		return err
	case st.Kind == client.Ack:
		if t.acked, err = st.Acked(); err != nil {
			return err
		}
		if uint64(t.acked) > t.sent {
			return fmt.Errorf("%s: %d messages are acknowledged, %d were sent", t.from.JID, t.acked, t.sent)
		}
		return nil
	}
	return onlyPresence(st)
}
