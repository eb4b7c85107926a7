package client

import (
	"fmt"
	"strconv"
	"time"

	"parley/bench/client"
	"parley/bench/wire"
)

// enter logs in and resumes the session or, when that fails, binds a new one.
func (c *Client) enter(conn *wire.Conn) error {
	a := c.opts.account(c.me)
	if c.me%2 == 0 {
		a.Resource = "campaign" // the others' is the server's choice
	}
	if err := client.Authenticate(conn, a, c.opts.Keys); err != nil {
		return err
	}
	if id, h := c.m.resumable(); id != "" {
		resumed, err := c.resume(conn, id, h)
		if resumed || err != nil {
			return err
		}
	}
	return c.bind(conn, a)
}

// resume: XEP-0198 §5.
func (c *Client) resume(conn *wire.Conn, id string, h uint32) (bool, error) {
	if err := conn.Send(fmt.Appendf(nil, "<resume xmlns='%s' previd='%s' h='%d'/>", nsSM, id, h)); err != nil {
		return false, err
	}
	answer, err := conn.Next()
	switch {
	case err != nil:
		return false, fmt.Errorf("resume: %w", err)
	case wire.Is(answer, "resumed"):
		return true, c.resumed(conn, answer)
	case wire.Is(answer, "failed"):
		// "the 'h' attribute … handled" (§5): what it covers is not sent again.
		if wire.Attr(answer, "h") != nil {
			if err := c.acked(answer); err != nil {
				return false, err
			}
		}
		return false, nil
	}
	return false, fmt.Errorf("resume: the server answers %s", answer)
}

func (c *Client) resumed(conn *wire.Conn, answer []byte) error {
	if err := c.acked(answer); err != nil {
		return err
	}
	c.order.Lock()
	defer c.order.Unlock()
	for _, s := range c.m.unacked() {
		if err := conn.Send(s.raw); err != nil {
			return err
		}
	}
	return conn.Send([]byte("<r xmlns='" + nsSM + "'/>"))
}

// acked reads 'h' of <a/>, <resumed/> or <failed/>.
func (c *Client) acked(element []byte) error {
	h, err := strconv.ParseUint(string(wire.Attr(element, "h")), 10, 32)
	if err != nil {
		return fmt.Errorf("the server sends %s", element)
	}
	now := time.Now()
	before := c.m.waiting()
	c.m.ack(uint32(h), now)
	if c.m.waiting() < before {
		c.opts.Acked(now)
		c.set(func() {})
	}
	return nil
}

// bind begins a session and sends what the last one left.
func (c *Client) bind(conn *wire.Conn, a client.Account) error {
	c.again = append(c.m.end(), c.again...)
	c.session++
	if _, err := client.Bind(conn, a); err != nil {
		return err
	}
	if err := c.enable(conn); err != nil {
		return err
	}
	if err := c.write(conn, stanza{none, []byte("<presence xmlns='jabber:client'/>")}); err != nil {
		return err
	}
	for len(c.again) > 0 {
		s := c.again[0]
		c.again = c.again[1:]
		if err := c.write(conn, s); err != nil {
			return err
		}
	}
	return conn.Send([]byte("<r xmlns='" + nsSM + "'/>"))
}

// enable: XEP-0198 §3.
func (c *Client) enable(conn *wire.Conn) error {
	if err := conn.Send([]byte("<enable xmlns='" + nsSM + "' resume='true'/>")); err != nil {
		return err
	}
	c.m.begin()
	for {
		answer, err := conn.Next()
		switch {
		case err != nil:
			return fmt.Errorf("enable: %w", err)
		case wire.Is(answer, "message") || wire.Is(answer, "presence") || wire.Is(answer, "iq"):
			continue // before it counts, and before we are available: not for us
		case !wire.Is(answer, "enabled"):
			return fmt.Errorf("enable: the server answers %s", answer)
		}
		if resume := string(wire.Attr(answer, "resume")); resume == "true" || resume == "1" {
			c.m.enabled(string(wire.Attr(answer, "id")))
		}
		return nil
	}
}
