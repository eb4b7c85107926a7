package sqlstore

import (
	"errors"
	"time"

	"parley/storage"
)

// How writes are tried again.
const (
	// retryFor is how long after it was submitted a write is tried again while the
	// database is away or busy.
	retryFor = 20 * time.Second
	// fullFor takes the place of retryFor while the disk is full: that seldom
	// ends by itself, and senders are told to try later.
	fullFor = 2 * time.Second
	// attemptTimeout bounds one transaction, so that a database that stopped
	// answering counts as away.
	attemptTimeout = 10 * time.Second
	// The pause between attempts doubles from the first to the second.
	minPause, maxPause = 10 * time.Millisecond, time.Second
)

// persist tries a batch until it is committed, has failed by itself, or nothing is
// left of it: a write whose time is over fails, and what has come meanwhile is
// added, so that nobody waits longer because others do. After an error nothing of
// what is left is in the database.
func (c *committer) persist(batch []*op) (left []*op, err error) {
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		err := c.attempt(batch)
		if err == nil || !c.engine.Retryable(err) {
			return batch, err
		}
		if batch = c.giveUp(batch, err); len(batch) == 0 {
			return nil, nil
		}
		if !c.sleep(pause) {
			return batch, err
		}
		c.log.Warn("write repeated", "module", "sqlstore", "n", len(batch), "err", err)
		c.counters.repeated()
		batch = c.fill(batch)
	}
}

// giveUp fails the writes whose time is over, in the batch and behind it in the
// queue, and returns the others of the batch. It asks the clock once: those of a
// unit are given up together.
func (c *committer) giveUp(batch []*op, err error) (left []*op) {
	var over []*op
	last := time.Now().Add(-c.patience(err))
	for _, o := range batch {
		if o.queued.After(last) {
			left = append(left, o)
		} else {
			over = append(over, o)
		}
	}
	over = append(over, c.overdue(last)...)
	if len(over) > 0 {
		c.log.Error("write failed", "module", "sqlstore", "n", len(over), "err", err)
		c.fail(over, err)
	}
	return left
}

// patience is for how long a write that failed with err is repeated.
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

// hurry ends the repeating: a batch that waits for its next attempt fails, and
// later ones have one attempt each.
func (c *committer) hurry() { c.hurries.Do(func() { close(c.hurried) }) }
