package client

import "time"

// Cut ends the connection without a word.
func (c *Client) Cut() {
	if l := c.current(); l != nil {
		_ = l.Close()
	}
}

// CutInMessage ends the connection when that many bytes of what is sent next are
// on their way.
func (c *Client) CutInMessage(after int) {
	if l := c.current(); l != nil {
		l.cutNext(after)
	}
}

// BlackHole neither reads nor writes on the connection any more, leaves it open,
// and goes on with another one.
func (c *Client) BlackHole() {
	if l := c.current(); l != nil {
		l.abandon()
	}
}

// Slow pauses reading.
func (c *Client) Slow(d time.Duration) { c.set(func() { c.slow = d }) }

// Disappear ends the connection without a word and stays away: the session can
// be resumed.
func (c *Client) Disappear() {
	c.set(func() { c.away = true })
	c.Cut()
}

// Leave logs out in order and stays away.
func (c *Client) Leave() { c.set(func() { c.away, c.leave = true, true }) }

// Return comes back.
func (c *Client) Return() { c.set(func() { c.away, c.leave = false, false }) }

// Send says whether new messages are sent.
func (c *Client) Send(yes bool) { c.set(func() { c.sending = yes }) }

// Online tells whether the client has a session on a connection.
func (c *Client) Online() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.online
}

// Waiting counts the stanzas that are not acknowledged.
func (c *Client) Waiting() int { return c.m.waiting() }

func (c *Client) current() *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link
}

func (c *Client) leaving() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leave
}
