package c2s

import (
	"context"
	"time"

	"parley/internal/module"
	"parley/internal/session"
	"parley/storage"
)

// outcome is what routing a stanza has left to be done.
type outcome struct {
	writes  []module.Pending
	foreign bool // others have submitted some of them
}

// route hands a stanza to the router and what it must persist to the store, as
// one transaction. What was gathered before a panic is stored too: somebody may
// wait for it.
func (c *Conn) route(ctx context.Context, s *session.Session, st *module.Stanza) (o outcome) {
	ev := &module.Event{Stanza: st, Session: s, Earlier: c}
	if c.server.Streams != nil {
		ev.Unit = &c.unit
		defer func() {
			o.foreign = len(o.writes) != c.unit.Len()
			c.submit(ctx, s, o.foreign)
		}()
	}
	o.writes = c.server.Router.FromClient(ctx, ev)
	return o
}

// submit stores what has joined the unit. With it goes the number that the stanza
// has in a stream that can be resumed, unless that waits for more.
func (c *Conn) submit(ctx context.Context, s *session.Session, more bool) {
	if c.unit.Len() == 0 {
		return
	}
	var ride *session.Ride
	if !more {
		ride = s.Ride()
	}
	if ride == nil {
		c.server.Streams.Submit(ctx, &c.unit, nil)
		return
	}
	id, account := c.kept.Load().id, c.account.String()
	p := c.server.Streams.Submit(ctx, &c.unit, func() (storage.Stream, bool) {
		h, ok := ride.Number()
		return storage.Stream{ID: id, Account: account, Handled: h, Seen: time.Now()}, ok
	})
	p.Then(func() { ride.Settle(p.Err()) })
}
