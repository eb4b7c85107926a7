package sqlstore

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"parley/storage"
)

// op is one write: a function, or something that needs no answer of the
// database before it can be said, which engines can pipeline.
type op struct {
	name string
	// key is the account (or other row) the write locks. A batch is ordered by
	// it, so that several nodes take their locks in the same order.
	key string
	// number is its place in the order of the submissions.
	number uint64
	unit   uint64 // the number of the first of those it shares a transaction with
	queued time.Time
	// free ops have no place in the queue's limit: they are submitted by who
	// must not wait.
	free bool

	run func(ctx context.Context, tx Tx) error // nil for plain ops
	// One of these is what a plain op does.
	plan   plan
	append *appended
	settle []storage.MessageRef
	stream *storage.Stream
	// ride decides at each attempt what stream is, for one that is written along
	// with the rest of its unit.
	ride func() (storage.Stream, bool)

	// ctx is the caller's, for a write that the caller waits for: it is given
	// up when ctx ends before it started.
	ctx   context.Context
	state atomic.Int32
	err   error // written before ended

	mu    sync.Mutex
	done  chan struct{} // guarded by mu; made when somebody asks for it
	then  []func()      // guarded by mu; nil once they were called
	ended bool          // guarded by mu
}

// plan is a list of statements that never fail by themselves: what they did
// follows from the rows each affected.
type plan struct {
	statements []Statement
	judge      func(affected []int64) error
}

// States of an op. It goes from queued to running at each attempt and back when
// the attempt has to be repeated.
const (
	opQueued int32 = iota
	opRunning
	opEnded
)

// Done implements storage.Pending.
func (o *op) Done() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done == nil {
		o.done = make(chan struct{})
		if o.ended {
			close(o.done)
		}
	}
	return o.done
}

// Err implements storage.Pending.
func (o *op) Err() error { return o.err }

// Then implements storage.Pending.
func (o *op) Then(f func()) {
	o.mu.Lock()
	ended := o.ended
	if !ended {
		o.then = append(o.then, f)
	}
	o.mu.Unlock()
	if ended {
		f()
	}
}

// start claims the op for an attempt. An op whose caller is gone is not run.
func (o *op) start() bool {
	if !o.state.CompareAndSwap(opQueued, opRunning) {
		return false
	}
	if o.ctx != nil && o.ctx.Err() != nil {
		o.finish(o.ctx.Err())
		return false
	}
	return true
}

// requeue gives the op back after an attempt that left nothing behind.
func (o *op) requeue() { o.state.Store(opQueued) }

// withdraw ends an op that no attempt is running, and reports whether it did.
func (o *op) withdraw(err error) bool {
	if !o.state.CompareAndSwap(opQueued, opEnded) {
		return false
	}
	o.complete(err)
	return true
}

// finish ends an op that was started.
func (o *op) finish(err error) {
	o.state.Store(opEnded)
	o.complete(err)
}

func (o *op) complete(err error) {
	o.err = o.wrap(err)
	o.mu.Lock()
	then := o.then
	o.then, o.ended = nil, true
	if o.done != nil {
		close(o.done)
	}
	o.mu.Unlock()
	for _, f := range then {
		f()
	}
}

func (o *op) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sqlstore: %s: %w", o.name, err)
}

// call runs a function op. A panic in a caller's change function must not take
// the committer, and with it everybody's writes, down: it becomes the error of
// this op.
func (o *op) call(ctx context.Context, tx *trackedTx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			tx.dirty = true
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return o.run(ctx, tx)
}

// trackedTx knows whether an op left a trace in the transaction: a row written,
// or a database error, which Postgres answers by aborting the transaction. An
// op that fails without a trace costs its neighbours nothing.
type trackedTx struct {
	Tx
	dirty bool
}

func (t *trackedTx) note(affected int64, err error) {
	if affected != 0 || err != nil {
		t.dirty = true
	}
}

// Query implements Tx. It counts as a trace only when it fails: ops write with
// Exec.
func (t *trackedTx) Query(ctx context.Context, row func(Scan) error, sql string, args ...any) error {
	err := t.Tx.Query(ctx, row, sql, args...)
	t.note(0, err)
	return err
}

// Exec implements Tx.
func (t *trackedTx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	n, err := t.Tx.Exec(ctx, sql, args...)
	t.note(n, err)
	return n, err
}

// Batch implements Tx.
func (t *trackedTx) Batch(ctx context.Context, statements []Statement) ([]int64, error) {
	t.dirty = true
	return t.Tx.Batch(ctx, statements)
}
