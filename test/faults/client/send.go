package client

import (
	"context"
	"fmt"
	"time"

	"parley/bench/wire"
)

// send writes messages while the window is open, until ctx or the connection
// ends.
func (c *Client) send(ctx context.Context, conn *wire.Conn) {
	for i := 0; ; i++ {
		switch act := c.awaitTurn(ctx); act {
		case toSend:
			to := c.somebody()
			if c.write(conn, c.message(c.Log.Next(to, time.Now()), to)) != nil {
				return
			}
			// Some requests come late, so that several are acknowledged at once.
			if i%3 != 0 && c.m.waiting() < c.opts.Window {
				continue
			}
			if conn.Send([]byte("<r xmlns='"+nsSM+"'/>")) != nil {
				return
			}
		case toLeave:
			c.logOut(ctx, conn)
			return
		default:
			return
		}
	}
}

// somebody else.
func (c *Client) somebody() int {
	to := c.pick.IntN(len(c.opts.Users) - 1)
	if to >= c.me {
		to++
	}
	return to
}

type act int

const (
	toEnd act = iota
	toSend
	toLeave
)

// awaitTurn waits until there is something to do.
func (c *Client) awaitTurn(ctx context.Context) act {
	for {
		c.mu.Lock()
		sending, leave, changed := c.sending, c.leave, c.changed
		c.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return toEnd
		case leave:
			return toLeave
		case sending && c.m.waiting() < c.opts.Window:
			return toSend
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// leaveTime bounds the wait for what was sent before the stream is ended.
const leaveTime = 5 * time.Second

// logOut ends the stream in order when all that was sent is acknowledged.
func (c *Client) logOut(ctx context.Context, conn *wire.Conn) {
	ctx, cancel := context.WithTimeout(ctx, leaveTime)
	defer cancel()
	_ = conn.Send([]byte("<r xmlns='" + nsSM + "'/>")) // the reader sees that it failed
	for c.m.waiting() > 0 && ctx.Err() == nil {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		if c.m.waiting() == 0 {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	_ = conn.Send(fmt.Appendf(nil, "<a xmlns='%s' h='%d'/>", nsSM, c.m.handled()))
	_ = conn.Send([]byte(trailer(conn)))
}

// trailer ends a stream (RFC 6120 §4.4, RFC 7395 §3.6).
func trailer(conn *wire.Conn) string {
	if conn.Namespace() == "" {
		return "</stream:stream>"
	}
	return "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"
}
