package c2s

import (
	"strconv"
	"time"

	"parley/stanza"
)

const nsStreamLimits = "urn:xmpp:stream-limits:0" // XEP-0478

// streamLimits tells the client what it must keep to now (XEP-0478 §3.1), nil if
// there is nothing. Before authentication there is a time for all of it, after
// that the silence until the server asks for a sign of life, or gives up.
func (c *Conn) streamLimits() *stanza.Element {
	e := stanza.New(nsStreamLimits, "limits")
	idle := c.server.Limits.AuthTime
	if c.isAuth.Load() {
		idle = c.server.Limits.PingAfter
		if idle == 0 {
			idle = c.server.Limits.DeadAfter
		}
	}
	if n := c.scanner.Limits.Bytes; n > 0 {
		e.Add(stanza.New(nsStreamLimits, "max-bytes").AddText(strconv.Itoa(n)))
	}
	if n := int(idle / time.Second); n > 0 {
		e.Add(stanza.New(nsStreamLimits, "idle-seconds").AddText(strconv.Itoa(n)))
	}
	if e.First() == nil {
		return nil
	}
	return e
}
