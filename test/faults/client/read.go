package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"parley/bench/wire"
	"parley/test/faults/record"
)

var errAbandoned = errors.New("left open by the campaign")

// read takes what comes until the connection ends.
func (c *Client) read(ctx context.Context, conn *wire.Conn) error {
	for {
		c.dawdle(ctx)
		e, err := conn.Next()
		if err != nil {
			if wire.TimedOut(err) {
				return errAbandoned
			}
			return err
		}
		if err := c.take(conn, e); err != nil {
			return err
		}
	}
}

// dawdle makes a slow reader.
func (c *Client) dawdle(ctx context.Context) {
	c.mu.Lock()
	d := c.slow
	c.slow = 0
	c.mu.Unlock()
	if d > 0 {
		wait(ctx, d)
	}
}

func (c *Client) take(conn *wire.Conn, e []byte) error {
	switch {
	case wire.Is(e, "message"):
		c.takeMessage(e)
		c.m.receive()
	case wire.Is(e, "presence"):
		c.m.receive()
	case wire.Is(e, "iq"):
		c.m.receive()
		return c.answer(conn, e)
	case wire.Is(e, "r"):
		return conn.Send(fmt.Appendf(nil, "<a xmlns='%s' h='%d'/>", nsSM, c.m.handled()))
	case wire.Is(e, "a"):
		return c.acked(e)
	default:
		return fmt.Errorf("the server sends %s", e)
	}
	return nil
}

func (c *Client) takeMessage(e []byte) {
	if string(wire.Attr(e, "type")) == "error" {
		c.takeError(e)
		return
	}
	from, n, ok := number(wire.Text(e, "body"))
	if !ok {
		return // nobody of ours says so
	}
	c.Log.Receive(record.Received{From: from, N: n, Session: c.session, StanzaID: stanzaID(e, c.opts.bare(c.me)), At: time.Now()})
}

func (c *Client) takeError(e []byte) {
	from, n, ok := number(wire.Attr(e, "id"))
	if !ok || from != c.me {
		c.Log.Strange("an error for " + string(e))
		return
	}
	c.Log.Error(n, time.Now(), string(e))
	c.set(func() {})
}

// number reads "m<sender>-<number>" and what may follow after a space.
func number(text []byte) (from, n int, ok bool) {
	text, _, _ = bytes.Cut(text, []byte{' '})
	sender, count, ok := bytes.Cut(bytes.TrimPrefix(text, []byte{'m'}), []byte{'-'})
	if !ok {
		return 0, 0, false
	}
	from, err := strconv.Atoi(string(sender))
	if err != nil {
		return 0, 0, false
	}
	n, err = strconv.Atoi(string(count))
	return from, n, err == nil
}

// stanzaID returns the id that by has given (XEP-0359 §3.1).
func stanzaID(e []byte, by string) string {
	for rest := e; ; {
		i := bytes.Index(rest, []byte("<stanza-id"))
		if i < 0 {
			return ""
		}
		rest = rest[i:]
		if string(wire.Attr(rest, "by")) == by {
			return string(wire.Attr(rest, "id"))
		}
		rest = rest[1:]
	}
}

// answer: pings and pushes want one (XEP-0199 §4.1, RFC 6121 §2.1.6).
func (c *Client) answer(conn *wire.Conn, e []byte) error {
	if t := string(wire.Attr(e, "type")); t != "get" && t != "set" {
		return nil
	}
	to := ""
	if from := wire.Attr(e, "from"); from != nil {
		to = " to='" + string(from) + "'"
	}
	return c.write(conn, stanza{none, []byte("<iq xmlns='jabber:client' type='result' id='" + string(wire.Attr(e, "id")) + "'" + to + "/>")})
}
