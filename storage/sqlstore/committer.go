package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"parley/internal/failpoint"
	"parley/storage"
)

// Bounds of the commit pipeline.
const (
	// DefaultQueue writes wait at most; submit blocks beyond.
	DefaultQueue = 8192
	// DefaultBatch writes at most share a transaction, to bound its locks and
	// what a single failing neighbour makes it repeat.
	DefaultBatch = 1024
	// closeGrace is how long Close waits for the queue to drain.
	closeGrace = 10 * time.Second
)

// committer makes the writes. One goroutine takes all that wait as one
// transaction as soon as the last one has finished; there is no timer.
type committer struct {
	engine Engine
	bulk   bulk
	log    *slog.Logger

	counters *counters

	slots   chan struct{} // one token per queued op: back-pressure
	wake    chan struct{} // holds one token when the queue has grown
	closing chan struct{} // closed by close
	drained chan struct{} // closed when the goroutine has ended
	hurried chan struct{} // closed by hurry
	hurries sync.Once

	ctx    context.Context // of all transactions; ends closeGrace after close
	cancel context.CancelFunc

	mu      sync.Mutex
	queue   []*op  // guarded by mu
	numbers uint64 // guarded by mu; given to ops
	limit   int    // guarded by mu; ops per transaction
	closed  bool   // guarded by mu
}

func newCommitter(engine Engine, opts Options, idSlot int64) *committer {
	ctx, cancel := context.WithCancel(context.Background())
	c := &committer{
		engine: engine,
		bulk:   newBulk(engine, idSlot),
		log:    opts.Logger,

		counters: newCounters(),

		slots:   make(chan struct{}, opts.Queue),
		wake:    make(chan struct{}, 1),
		closing: make(chan struct{}),
		drained: make(chan struct{}),
		hurried: make(chan struct{}),
		ctx:     ctx,
		cancel:  cancel,
		limit:   opts.Batch,
	}
	go c.loop()
	return c
}

// submit queues ops that belong in one transaction, and returns the first as its
// handle. It waits while the queue is full; if ctx ends or the store is closed
// meanwhile, the handles complete with that error and nothing is written.
func (c *committer) submit(ctx context.Context, ops ...*op) storage.Pending {
	if err := c.enqueue(ctx, ops); err != nil {
		for _, o := range ops {
			o.withdraw(err)
		}
	}
	return ops[0]
}

func (c *committer) enqueue(ctx context.Context, ops []*op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.closing:
		return storage.ErrClosed
	}
	for _, o := range ops[1:] {
		o.free = true // one place for all of them, or half of them could wait for the rest
	}
	if !c.push(ops...) {
		<-c.slots
		return storage.ErrClosed
	}
	return nil
}

// submitFree queues an op without ever waiting. Whoever calls it sees to it that
// these do not pile up, since nothing else does.
func (c *committer) submitFree(o *op) storage.Pending {
	o.free = true
	if !c.push(o) {
		o.withdraw(storage.ErrClosed)
	}
	return o
}

// push reports whether the queue is still open.
func (c *committer) push(ops ...*op) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	now, unit := time.Now(), c.numbers+1
	for _, o := range ops {
		c.numbers++
		o.number, o.unit, o.queued = c.numbers, unit, now
	}
	c.queue = append(c.queue, ops...)
	c.signal()
	return true
}

func (c *committer) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// do makes one write and waits for it. When ctx ends before the write started
// it is withdrawn; once it runs, do waits for the attempt to end, so its answer
// is always what happened and run is never called after do returned.
func (c *committer) do(ctx context.Context, o *op) error {
	o.ctx = ctx
	c.submit(ctx, o)
	select {
	case <-o.Done():
	case <-ctx.Done():
		o.withdraw(ctx.Err())
		<-o.Done()
	}
	return o.err
}

// close refuses new writes, waits until the queued ones are made and ends the
// goroutine. It may be called more than once.
func (c *committer) close() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.closing)
		c.signal()
	}
	c.mu.Unlock()
	grace := time.AfterFunc(closeGrace, c.cancel)
	defer grace.Stop()
	<-c.drained
	c.cancel()
}

func (c *committer) loop() {
	defer close(c.drained)
	for {
		batch, closed := c.take()
		switch {
		case len(batch) > 0:
			c.commit(batch)
		case closed:
			return
		default:
			<-c.wake
		}
	}
}

// commit makes a batch, which may grow while it is repeated, and completes its
// handles.
func (c *committer) commit(batch []*op) {
	for len(batch) > 0 {
		left, err := c.persist(batch)
		switch {
		case err == nil:
			return
		case sameUnit(left) == len(left), c.engine.Retryable(err), c.ctx.Err() != nil:
			c.fail(left, err)
			return
		}
		c.log.Debug("batch split", "module", "sqlstore", "n", len(left), "err", err)
		batch = c.split(left)
	}
}

// split makes each unit of a batch that one of them spoils alone, in the order they
// came in, so that it fails alone. What is left when the database goes away
// meanwhile is returned: together they are tried no longer than each may.
func (c *committer) split(batch []*op) (left []*op) {
	slices.SortFunc(batch, func(a, b *op) int { return cmp.Compare(a.number, b.number) })
	for n := 0; len(batch) > 0; batch = batch[n:] {
		n = sameUnit(batch)
		err := c.attempt(batch[:n])
		switch {
		case err == nil:
		case c.engine.Retryable(err):
			return byKey(c.giveUp(batch, err))
		default:
			c.fail(batch[:n], err)
		}
	}
	return nil
}

// sameUnit counts the leading ops of one unit.
func sameUnit(batch []*op) int {
	n := 1
	for n < len(batch) && batch[n].unit == batch[0].unit {
		n++
	}
	return n
}

func (c *committer) fail(batch []*op, err error) {
	if c.ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", storage.ErrClosed, err)
	}
	err = c.engine.Explain(err)
	c.counters.failed(len(batch))
	for _, o := range batch {
		o.withdraw(err)
	}
}

// attempt runs the batch as one transaction and, when that is committed,
// finishes its ops, each with its own result.
func (c *committer) attempt(batch []*op) error {
	running := make([]*op, 0, len(batch))
	for _, o := range batch {
		if o.start() {
			running = append(running, o)
		}
	}
	if len(running) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.ctx, attemptTimeout)
	defer cancel()
	began := time.Now()
	results, err := c.transact(ctx, running)
	if err == nil {
		c.counters.committed(len(running), time.Since(began))
	}
	for i, o := range running {
		if err != nil {
			o.requeue()
		} else {
			o.finish(results[i])
		}
	}
	return err
}

func (c *committer) transact(ctx context.Context, ops []*op) ([]error, error) {
	tx, err := c.engine.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback(c.ctx)
	results, err := c.bulk.runAll(ctx, tx, ops)
	if err != nil {
		return nil, err
	}
	failpoint.Reach(failpoint.BeforeCommit)
	if err := tx.Commit(ctx); err != nil {
		return nil, err
	}
	failpoint.Reach(failpoint.AfterCommit)
	return results, nil
}
