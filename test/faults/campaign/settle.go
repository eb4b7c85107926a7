package campaign

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parley/test/faults/client"
)

// settlePause lies between looks at the clients.
const settlePause = 50 * time.Millisecond

// settle lets everything arrive: what was sent is acknowledged or refused, what
// was acknowledged is delivered. What does not come is the checker's to find.
func (c *Campaign) settle(ctx context.Context) error {
	for _, cl := range c.clients {
		cl.Return()
		cl.Send(false)
	}
	if !c.await(ctx, c.cfg.Patience, c.unsettled) {
		c.cfg.Logf("%d messages are neither acknowledged nor refused", c.unsettled())
	}
	missing := c.undelivered()
	if !c.await(ctx, c.cfg.Patience/2, func() int { missing = missing.still(); return len(missing) }) {
		c.cfg.Logf("%d messages are not delivered; all clients log in anew", len(missing))
		c.relogin(ctx)
		c.await(ctx, c.cfg.Patience/2, func() int { missing = missing.still(); return len(missing) })
	}
	if err := c.leave(ctx); err != nil {
		c.report.Hangs++ // noted; their connections are cut in the end
		c.cfg.Logf("%v", err)
	}
	return nil
}

// await waits until left is 0, as long as it gets less within patience.
func (c *Campaign) await(ctx context.Context, patience time.Duration, left func() int) bool {
	best, since := left(), time.Now()
	for best > 0 && time.Since(since) < patience && ctx.Err() == nil {
		sleep(ctx, settlePause)
		if n := left(); n < best {
			best, since = n, time.Now()
		}
	}
	return best == 0
}

func (c *Campaign) unsettled() (n int) {
	for _, cl := range c.clients {
		sent, _, settled := cl.Log.Counts()
		n += sent - settled
	}
	return n
}

// due is a message that was acknowledged.
type due struct {
	to      *client.Client
	from, n int
}

type dues []due

// undelivered lists what was acknowledged and has not arrived.
func (c *Campaign) undelivered() (out dues) {
	for _, cl := range c.clients {
		v := cl.Log.View()
		for n, s := range v.Sent {
			if s.Accepted() {
				out = append(out, due{c.clients[s.To], v.User, n})
			}
		}
	}
	return out.still()
}

// still keeps those that have not arrived yet.
func (d dues) still() (out dues) {
	for _, m := range d {
		if !m.to.Log.Got(m.from, m.n) {
			out = append(out, m)
		}
	}
	return out
}

// relogin has every client log out and in, which brings what waits for it.
func (c *Campaign) relogin(ctx context.Context) {
	_ = c.leave(ctx)
	for _, cl := range c.clients {
		cl.Return()
	}
}

var errStay = errors.New("clients do not log out")

// leave has all clients log out in order.
func (c *Campaign) leave(ctx context.Context) error {
	for _, cl := range c.clients {
		cl.Leave()
	}
	online := func() (n int) {
		for _, cl := range c.clients {
			if cl.Online() {
				n++
			}
		}
		return n
	}
	if !c.await(ctx, c.cfg.Patience, online) {
		return fmt.Errorf("%w: %d", errStay, online())
	}
	return nil
}

// archiveReaders read at a time.
const archiveReaders = 4

func (c *Campaign) readArchives(ctx context.Context) error {
	queue, failed := make(chan *client.Client), make(chan error, len(c.clients))
	var readers sync.WaitGroup
	for range archiveReaders {
		readers.Go(func() {
			for cl := range queue {
				failed <- cl.ReadArchive(ctx)
			}
		})
	}
	for _, cl := range c.clients {
		queue <- cl
	}
	close(queue)
	readers.Wait()
	close(failed)
	var all []error
	for err := range failed {
		all = append(all, err)
	}
	return errors.Join(all...)
}
