package campaign

import (
	"context"
	"fmt"
	"time"

	"parley/internal/failpoint"
	"parley/test/faults/client"
)

// kill is SIGKILL at random.
type kill struct{}

// Name implements Fault.
func (kill) Name() string { return "SIGKILL at random" }

// Strike implements Fault.
func (kill) Strike(ctx context.Context, c *Campaign) (Outcome, error) {
	now := time.Now()
	c.server.Kill()
	return c.restart(ctx, now)
}

// orderly is a stop as an operator makes it, and a start.
type orderly struct{}

// Name implements Fault.
func (orderly) Name() string { return "restart in order (SIGTERM)" }

// Strike implements Fault.
func (orderly) Strike(ctx context.Context, c *Campaign) (Outcome, error) {
	now := time.Now()
	c.server.Terminate()
	return c.restart(ctx, now)
}

// killAt is SIGKILL at a failpoint.
type killAt struct{ point failpoint.Point }

// Name implements Fault.
func (f killAt) Name() string { return "SIGKILL " + f.point.String() }

// maxPasses of the point go by before the deadly one.
const maxPasses = 30

// Strike implements Fault.
func (f killAt) Strike(ctx context.Context, c *Campaign) (Outcome, error) {
	c.control.Arm(f.point, 1+c.rand.Int64N(maxPasses))
	defer c.control.Disarm()
	select {
	case <-c.server.Exited():
	case <-time.After(c.cfg.Patience):
		return Outcome{}, fmt.Errorf("the server never passes %q", f.point)
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	}
	now := time.Now()
	c.control.Disarm()
	return c.restart(ctx, now)
}

// killWithout is SIGKILL while some recipients are away.
type killWithout struct {
	name  string
	leave func(*client.Client)
}

func killDisconnected() Fault {
	return killWithout{"SIGKILL, recipients disconnected", (*client.Client).Disappear}
}

func killLoggedOut() Fault {
	return killWithout{"SIGKILL, recipients logged out", (*client.Client).Leave}
}

// Name implements Fault.
func (f killWithout) Name() string { return f.name }

// messagesMeanwhile are acknowledged while somebody is away.
const messagesMeanwhile = 200

// Strike implements Fault.
func (f killWithout) Strike(ctx context.Context, c *Campaign) (Outcome, error) {
	gone := c.some(4)
	for _, cl := range gone {
		f.leave(cl)
	}
	defer func() {
		for _, cl := range gone {
			cl.Return()
		}
	}()
	if err := c.traffic(ctx, messagesMeanwhile); err != nil {
		return Outcome{}, err
	}
	return kill{}.Strike(ctx, c)
}

// killInOutage is SIGKILL while the database is away. The server is started when
// it is back: it does not start without.
type killInOutage struct{ outage outage }

// Name implements Fault.
func (f killInOutage) Name() string { return "SIGKILL, " + f.outage.name }

// Strike implements Fault.
func (f killInOutage) Strike(ctx context.Context, c *Campaign) (Outcome, error) {
	end, err := f.outage.begin(c)
	if err != nil {
		return Outcome{}, err
	}
	sleep(ctx, time.Duration(c.rand.Int64N(int64(c.cfg.Outage)+1)))
	c.server.Kill()
	if err := end(); err != nil {
		return Outcome{}, err
	}
	return c.restart(ctx, time.Now())
}

// some returns one of every n clients, at least one, by chance.
func (c *Campaign) some(n int) []*client.Client {
	var out []*client.Client
	for _, i := range c.rand.Perm(len(c.clients))[:max(1, len(c.clients)/n)] {
		out = append(out, c.clients[i])
	}
	return out
}
