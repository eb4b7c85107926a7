package campaign

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/test/faults/client"
	"parley/test/faults/target"
)

// probePause lies between attempts to reach the server.
const probePause = 2 * time.Millisecond

// accepting waits until the server answers a stream header on each transport,
// and returns how long after since that was.
func (c *Campaign) accepting(ctx context.Context, since time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Patience)
	defer cancel()
	for _, webSocket := range []bool{false, true} {
		for {
			err := client.Probe(ctx, c.server.Address(), webSocket, target.Domain, time.Now().Add(c.cfg.Patience))
			if err == nil {
				break
			}
			select {
			case <-time.After(probePause):
			case <-c.server.Exited():
				return 0, errors.New("the server ended at its start")
			case <-ctx.Done():
				return 0, fmt.Errorf("%w: no connection is accepted: %w", errNoService, err)
			}
		}
	}
	return time.Since(since), nil
}

// noteAck is called by clients when <a/> covered something.
func (c *Campaign) noteAck(now time.Time) {
	c.acked.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = now
	close(c.heard)
	c.heard = make(chan struct{})
}

var errNoService = errors.New("nothing is acknowledged any more")

// served waits for the first acknowledgement after since, and returns how long
// after it was.
func (c *Campaign) served(ctx context.Context, since time.Time) (time.Duration, error) {
	late := time.After(c.cfg.Patience)
	for {
		c.mu.Lock()
		last, heard := c.last, c.heard
		c.mu.Unlock()
		if last.After(since) {
			return last.Sub(since), nil
		}
		select {
		case <-heard:
		case <-late:
			return 0, errNoService
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// traffic waits until so many more messages are acknowledged.
func (c *Campaign) traffic(ctx context.Context, messages int) error {
	goal := c.total() + messages
	for c.total() < goal {
		if _, err := c.served(ctx, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// restart launches the server that was killed at the given time.
func (c *Campaign) restart(ctx context.Context, killed time.Time) (Outcome, error) {
	if err := c.server.Start(); err != nil {
		return Outcome{}, err
	}
	accepting, err := c.accepting(ctx, killed)
	if err != nil {
		return Outcome{}, err
	}
	// An acknowledgement that the dead server wrote may be read late: only those
	// from now on are the new one's.
	acked, err := c.served(ctx, killed.Add(accepting))
	return Outcome{Accepting: accepting, Served: accepting + acked}, err
}

// sleep lets time pass: an outage lasts that long.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
