package offline

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"parley/internal/module"
	"parley/storage"
)

// pageRows is how many rows are read at a time: each may be as large as a stanza.
const pageRows = 32

// run brings the client what it has missed, until nothing is left, as much as
// may be is on its way, or it takes messages no more. running is set.
func (c *client) run(ctx context.Context) {
	for {
		what, from, list := c.next()
		switch what {
		case stepDone:
			return
		case stepSend:
			c.send(list)
		case stepRead:
			if err := c.pass(ctx, from); err != nil {
				c.retry(ctx, from, err)
				return
			}
		}
	}
}

// step is what a client that catches up does next.
type step uint8

const (
	stepDone step = iota
	stepRead      // look into storage
	stepSend      // send what was held
)

func (c *client) next() (what step, from int64, list []held) {
	c.account.shard.mu.Lock()
	defer c.account.shard.mu.Unlock()
	switch {
	case c.gone, !c.listening():
		c.rest()
	case c.full:
		c.running = false
	case c.again:
		c.again = false
		c.account.reading++ // pass ends it
		return stepRead, c.from, nil
	case len(c.held) > 0:
		return stepSend, 0, c.turn(math.MaxInt64)
	default:
		c.caught, c.running = true, false
	}
	return stepDone, 0, nil
}

// rest leaves everything to the next time that the client takes messages.
func (c *client) rest() {
	c.held, c.weight = nil, 0
	c.running, c.again, c.from = false, true, 0
}

// pass reads what is undelivered above an id and sends what the client has not
// had.
func (c *client) pass(ctx context.Context, from int64) error {
	defer c.endPass()
	if err := c.account.written(ctx); err != nil {
		return err
	}
	fetches := module.UsesArchive.Get(c.session)
	for {
		list, err := c.m.store.Undelivered(ctx, c.account.jid.String(), from, pageRows)
		if err != nil {
			return fmt.Errorf("offline: read: %w", err)
		}
		for i := range list {
			if !c.pass1(&list[i], fetches) {
				return nil
			}
			from = list[i].ID
		}
		if len(list) < pageRows {
			return nil
		}
	}
}

func (c *client) endPass() {
	c.account.shard.mu.Lock()
	defer c.account.shard.mu.Unlock()
	c.account.read()
}

// written waits for the messages of the account that are on their way to the
// disk. If one fails there is one message less.
func (a *account) written(ctx context.Context) error {
	for _, p := range a.writes() {
		select {
		case <-p.Done():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (a *account) writes() (list []storage.Pending) {
	a.shard.mu.Lock()
	defer a.shard.mu.Unlock()
	for _, r := range a.rows {
		if r.write != nil {
			list = append(list, r.write)
		}
	}
	return list
}

// pass1 sends what is due up to one row, and the row itself if the client is to
// have it. It reports whether the pass may go on.
func (c *client) pass1(m *storage.Message, fetches bool) bool {
	due, track, ok := c.due(m, fetches)
	c.send(due)
	if track != nil {
		st := c.m.restore(m)
		st.Track = track
		c.session.Send(st)
	}
	return ok
}

// due decides about one row: what was held comes before it, and it itself if
// there is a tracker.
func (c *client) due(m *storage.Message, fetches bool) (list []held, track *brings, ok bool) {
	c.account.shard.mu.Lock()
	defer c.account.shard.mu.Unlock()
	switch {
	case c.gone, !c.listening(), c.again && c.from < m.ID:
		return nil, nil, false // an earlier one has turned up, or nobody is there
	case c.bytes >= c.m.opts.Window:
		c.unhold()
		c.miss(m.ID)
		c.full = true
		return nil, nil, false
	}
	list = c.turn(m.ID)
	r := c.account.share(c.m.newRow(c.account.jid, m.ID))
	defer c.account.drop(r)
	if c.has(r) || fetches && m.Listed && m.ID <= c.bound {
		return list, nil, true
	}
	track = &brings{row: r, client: c, size: sizeOf(m)}
	c.bytes += track.size
	r.bring(c)
	return list, track, true
}

// has reports whether the client is not to be sent the row.
func (c *client) has(r *row) bool {
	h := r.of(c)
	return r.delivered || r.settled || h != nil && h.how != waits || r.elsewhere(c)
}

// elsewhere reports whether another client was sent the row over a connection
// that says nothing of what arrived, and is still there: only its end can tell
// that the row did not. A client with stream management would have said so, or
// has lost its connection.
func (r *row) elsewhere(c *client) bool {
	return slices.ContainsFunc(r.had, func(h having) bool {
		return h.client != c && (h.how == straight || h.how == brought) && !h.client.gone &&
			!h.client.session.Managed() && !closing(h.client.session)
	})
}

// send gives the session what was held.
func (c *client) send(list []held) {
	for _, h := range list {
		c.session.Send(h.st)
	}
}

// retry looks once more after a pause; until then the client is behind.
func (c *client) retry(ctx context.Context, from int64, err error) {
	if ctx.Err() == nil {
		c.m.logger().Error("offline delivery", "jid", c.session.JID().String(), "err", err)
	}
	c.account.shard.mu.Lock()
	defer c.account.shard.mu.Unlock()
	c.unhold()
	c.miss(from + 1)
	if !c.gone {
		c.pause = time.AfterFunc(c.m.opts.Retry, c.resume)
	}
}

func (c *client) resume() {
	c.account.shard.mu.Lock()
	defer c.account.shard.mu.Unlock()
	if !c.gone {
		c.m.work.Go(func() { c.run(context.Background()) })
	}
}
