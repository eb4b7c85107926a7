package sqlstore

import (
	"slices"
	"strings"
	"time"
)

// take removes the next batch from the queue.
func (c *committer) take() (batch []*op, closed bool) {
	c.mu.Lock()
	closed = c.closed
	c.mu.Unlock()
	return c.fill(nil), closed
}

// fill adds what is queued to a batch, up to the limit, and no unit by half. It is
// ordered by key; the order of the writes to one account stays.
func (c *committer) fill(batch []*op) []*op {
	return byKey(c.leave(batch, func() int {
		n := min(len(c.queue), max(0, c.limit-len(batch)))
		for n > 0 && n < len(c.queue) && c.queue[n].unit == c.queue[n-1].unit {
			n++
		}
		return n
	}))
}

// overdue takes out of the queue what was submitted at a time or before. Those of
// a unit were submitted at the same time.
func (c *committer) overdue(last time.Time) []*op {
	return c.leave(nil, func() int {
		n := slices.IndexFunc(c.queue, func(o *op) bool { return o.queued.After(last) })
		if n < 0 {
			return len(c.queue)
		}
		return n
	})
}

// leave adds the first ops of the queue to others and frees their places. count,
// which is called with mu held, says how many.
func (c *committer) leave(to []*op, count func() int) []*op {
	c.mu.Lock()
	n := count()
	to = append(slices.Clip(to), c.queue[:n]...)
	rest := copy(c.queue, c.queue[n:])
	clear(c.queue[rest:])
	c.queue = c.queue[:rest]
	c.mu.Unlock()
	for _, o := range to[len(to)-n:] {
		if !o.free {
			<-c.slots
		}
	}
	return to
}

// byKey orders a batch so that all nodes take their locks in the same order.
func byKey(batch []*op) []*op {
	slices.SortStableFunc(batch, func(a, b *op) int { return strings.Compare(a.key, b.key) })
	return batch
}
