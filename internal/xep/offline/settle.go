package offline

import (
	"context"
	"sync"
	"time"

	"parley/storage"
)

// settler takes the mark from what was delivered. One write is under way at a
// time; what comes meanwhile makes the next.
type settler struct {
	m *Module

	mu      sync.Mutex
	waiting []*row        // guarded by mu
	writing bool          // guarded by mu: run is at work
	stopped chan struct{} // guarded by mu; made on demand, closed by stop
}

// add never waits. The shard of r is locked.
func (t *settler) add(r *row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = append(t.waiting, r)
	if !t.writing {
		t.writing = true
		t.m.work.Go(t.run)
	}
}

func (t *settler) run() {
	for rows := t.take(); len(rows) > 0; rows = t.take() {
		if err := t.write(rows); err != nil {
			t.m.logger().Error("settle what was delivered", "n", len(rows), "err", err)
			t.later(rows)
		}
	}
}

func (t *settler) take() []*row {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows := t.waiting
	t.waiting, t.writing = nil, len(rows) > 0
	return rows
}

func (t *settler) write(rows []*row) error {
	refs := make([]storage.MessageRef, len(rows))
	for i, r := range rows {
		refs[i] = storage.MessageRef{Account: r.account.String(), ID: r.id}
	}
	if err := storage.Wait(context.Background(), t.m.store.SettleMessages(refs)); err != nil {
		return err
	}
	for _, r := range rows {
		a, r := r.lock()
		r.settled = true
		r.unlock(a)
	}
	return nil
}

// later tries once more after a pause, unless the server stops: then the marks
// stay, and the messages come again.
func (t *settler) later(rows []*row) {
	select {
	case <-time.After(t.m.opts.Retry):
		t.mu.Lock()
		defer t.mu.Unlock()
		t.waiting = append(rows, t.waiting...)
	case <-t.stopping():
	}
}

func (t *settler) stopping() chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped == nil {
		t.stopped = make(chan struct{})
	}
	return t.stopped
}

func (t *settler) stop() {
	stopped := t.stopping()
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-stopped:
	default:
		close(stopped)
	}
}
