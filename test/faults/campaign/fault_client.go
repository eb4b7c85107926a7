package campaign

import (
	"context"
	"time"

	"parley/test/faults/client"
)

// onClients does something to some clients.
type onClients struct {
	name string
	do   func(c *Campaign, cl *client.Client)
}

// clientFaults are all of them.
func clientFaults() []Fault {
	return []Fault{
		onClients{"clients cut in mid-message", func(c *Campaign, cl *client.Client) { cl.CutInMessage(1 + c.rand.IntN(200)) }},
		onClients{"clients black-holed", func(_ *Campaign, cl *client.Client) { cl.BlackHole() }},
		onClients{"slow readers", func(c *Campaign, cl *client.Client) { cl.Slow(time.Duration(c.rand.Int64N(int64(c.cfg.Outage) + 1))) }},
		onClients{"clients cut", func(_ *Campaign, cl *client.Client) { cl.Cut() }},
	}
}

// Name implements Fault.
func (f onClients) Name() string { return f.name }

// Strike implements Fault.
func (f onClients) Strike(ctx context.Context, c *Campaign) (Outcome, error) {
	for _, cl := range c.some(4) {
		f.do(c, cl)
	}
	served, err := c.served(ctx, time.Now())
	return Outcome{Served: served}, err
}

// clockStep moves the clock that ids and stamps come from, there and back.
type clockStep struct{ by time.Duration }

// Name implements Fault.
func (f clockStep) Name() string { return "clock steps" }

// Strike implements Fault.
func (f clockStep) Strike(ctx context.Context, c *Campaign) (Outcome, error) {
	c.control.SetClock(f.by)
	defer c.control.SetClock(0)
	if err := c.traffic(ctx, messagesMeanwhile); err != nil {
		return Outcome{}, err
	}
	served, err := c.served(ctx, time.Now())
	return Outcome{Served: served}, err
}
