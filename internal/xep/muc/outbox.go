package muc

import (
	"context"

	"parley/internal/jid"
	"parley/internal/module"
)

// seat is where one client of an occupant is reached. It is never changed: who
// moves gets another one, so that what is in the outbox goes to who it was for.
type seat struct {
	full    jid.JID
	session module.Session // nil if it is not one of ours
	of      *occupant      // only compared
	sees    bool           // real addresses
}

// delivery is one stanza on its way to some of the occupants.
type delivery struct {
	to     []*seat
	except *occupant
	public *module.Stanza // for who does not see real addresses; nil: not for them
	full   *module.Stanza // for who does; nil: not for them
	done   chan struct{}  // closed when it is out; nil if nobody waits
}

// outbox is what a room has to say, in order.
type outbox struct {
	list []delivery
	busy bool // somebody delivers
}

// maxOutbox is how much may wait for a room's fan-out before who adds to it waits.
const maxOutbox = 256

// sendAll has st delivered to everybody. It is called with mu held, as all of
// these.
func (r *Room) sendAll(st *module.Stanza) { r.sendTo(r.everybody, st) }

func (r *Room) sendTo(to []*seat, st *module.Stanza) {
	if len(to) > 0 {
		r.out.list = append(r.out.list, delivery{to: to, public: st, full: st})
	}
}

// answer has st delivered to the client at full, in the room or not.
func (r *Room) answer(full jid.JID, st *module.Stanza) {
	r.sendTo([]*seat{r.seatFor(full)}, st)
}

func (r *Room) seatFor(full jid.JID) *seat {
	if c := r.clients[full]; c != nil {
		return c.seat
	}
	return &seat{full: full, session: r.service.host.Session(full)}
}

// delivering marks the context of what an outbox is being emptied for: a stanza
// that comes back, such as an error, must not wait for that to end.
type delivering struct{}

// deliver empties the outbox, unless somebody does so already. It is called
// without the lock.
func (r *Room) deliver(ctx context.Context) {
	r.mu.Lock()
	if len(r.out.list) == 0 {
		r.mu.Unlock()
		return
	}
	if r.out.busy {
		wait := r.crowded()
		r.mu.Unlock()
		if wait != nil && ctx.Value(delivering{}) == nil {
			select {
			case <-wait:
			case <-ctx.Done():
			}
		}
		return
	}
	r.out.busy = true
	r.mu.Unlock()
	// What was decided is told even if the connection that caused it ends.
	ctx = context.WithValue(context.WithoutCancel(ctx), delivering{}, true)
	if r.drain(ctx, 4) {
		// Others keep adding: this client is not to pay for them.
		r.service.working.Go(func() { r.drain(ctx, 0) })
	}
}

// crowded returns what to wait for if too much is in the outbox; nil if not.
func (r *Room) crowded() chan struct{} {
	n := len(r.out.list)
	if n < maxOutbox {
		return nil
	}
	last := &r.out.list[n-1]
	if last.done == nil {
		last.done = make(chan struct{})
	}
	return last.done
}

// drain delivers what is there, and what is added meanwhile, in so many rounds; 0
// is without end. It reports whether there is more.
func (r *Room) drain(ctx context.Context, rounds int) (more bool) {
	whole := false
	defer func() {
		if !whole { // a handler of a stanza has panicked; others go on
			r.giveUp()
		}
	}()
	for n := 1; ; n++ {
		r.mu.Lock()
		list := r.out.list
		r.out.list = nil
		if len(list) == 0 {
			r.out.busy, whole = false, true
			r.mu.Unlock()
			return false
		}
		r.mu.Unlock()
		for i := range list {
			r.service.fanOut(ctx, &list[i])
		}
		if n == rounds {
			whole = true
			return r.unfinished()
		}
	}
}

// giveUp lets somebody else deliver.
func (r *Room) giveUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.busy = false
}

// unfinished reports whether the outbox is filled again; if not, nobody is busy.
func (r *Room) unfinished() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.busy = len(r.out.list) > 0
	return r.out.busy
}

// chunk is how many copies share memory: a slow client keeps its neighbours'.
const chunk = 16

func (m *Module) fanOut(ctx context.Context, d *delivery) {
	var copies []module.Stanza
	for _, s := range d.to {
		st := d.public
		if s.sees {
			st = d.full
		}
		if st == nil || d.except != nil && s.of == d.except {
			continue
		}
		if len(copies) == 0 {
			copies = make([]module.Stanza, min(chunk, len(d.to)))
		}
		c := &copies[0]
		copies = copies[1:]
		*c = *st
		c.To = s.full
		if s.session != nil {
			s.session.Send(c)
		} else {
			m.host.Route(ctx, c)
		}
	}
	if d.done != nil {
		close(d.done)
	}
}
