package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
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
	// maxAttempts and retryFor bound the attempts at one batch while the
	// database is away or busy; the first limit reached counts.
	maxAttempts = 24
	retryFor    = 20 * time.Second
	// fullFor takes the place of retryFor while the disk is full: that seldom
	// ends by itself, and senders are told to try later.
	fullFor = 2 * time.Second
	// attemptTimeout bounds one transaction, so that a database that stopped
	// answering counts as away.
	attemptTimeout = 10 * time.Second
	// The pause between attempts doubles from the first to the second.
	minPause, maxPause = 10 * time.Millisecond, time.Second
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

// hurry ends the repeating: a batch that waits for its next attempt fails, and
// later ones have one attempt each.
func (c *committer) hurry() { c.hurries.Do(func() { close(c.hurried) }) }

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

// take removes the next batch from the queue, ordered by key, and no unit by
// half. The order of the writes to one account stays.
func (c *committer) take() (batch []*op, closed bool) {
	c.mu.Lock()
	n := min(len(c.queue), c.limit)
	for n > 0 && n < len(c.queue) && c.queue[n].unit == c.queue[n-1].unit {
		n++
	}
	batch = slices.Clone(c.queue[:n])
	rest := copy(c.queue, c.queue[n:])
	clear(c.queue[rest:])
	c.queue = c.queue[:rest]
	closed = c.closed
	c.mu.Unlock()
	for _, o := range batch {
		if !o.free {
			<-c.slots
		}
	}
	slices.SortStableFunc(batch, func(a, b *op) int { return strings.Compare(a.key, b.key) })
	return batch, closed
}

// commit makes a batch and completes its handles. If one op spoils the
// transaction, each unit is made alone, in the order they came in, so that it
// fails alone.
func (c *committer) commit(batch []*op) {
	err := c.persist(batch)
	if err == nil {
		return
	}
	if sameUnit(batch) == len(batch) || c.engine.Retryable(err) || c.ctx.Err() != nil {
		c.fail(batch, err)
		return
	}
	c.log.Debug("batch split", "module", "sqlstore", "n", len(batch), "err", err)
	slices.SortFunc(batch, func(a, b *op) int { return cmp.Compare(a.number, b.number) })
	for n := 0; len(batch) > 0; batch = batch[n:] {
		n = sameUnit(batch)
		if err := c.persist(batch[:n]); err != nil {
			c.fail(batch[:n], err)
		}
	}
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

// persist tries a batch until it is committed, has failed by itself, or the
// bounds are reached. After an error nothing of the batch is in the database
// and its ops are queued again.
func (c *committer) persist(batch []*op) error {
	started := time.Now()
	pause := minPause
	for attempt := 1; ; attempt++ {
		err := c.attempt(batch)
		if err == nil || !c.engine.Retryable(err) {
			return err
		}
		if attempt == maxAttempts || time.Since(started)+pause > c.patience(err) || !c.sleep(pause) {
			c.log.Error("write failed", "module", "sqlstore", "n", len(batch), "err", err)
			return err
		}
		c.log.Warn("write repeated", "module", "sqlstore", "n", len(batch), "attempt", attempt, "err", err)
		c.counters.repeated()
		pause = min(2*pause, maxPause)
	}
}

// patience is for how long a batch that failed with err is repeated.
func (c *committer) patience(err error) time.Duration {
	if errors.Is(c.engine.Explain(err), storage.ErrFull) {
		return fullFor
	}
	return retryFor
}

// sleep reports whether it slept to the end.
func (c *committer) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.hurried:
	case <-c.ctx.Done():
	}
	return false
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
