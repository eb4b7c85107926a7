package muc

import (
	"context"

	"parley/internal/jid"
	"parley/internal/module"
)

// leave takes a client out of a room (§7.14). Who is not in it is ignored
// (§17.3).
func (r *Room) leave(ctx context.Context, full jid.JID, st *module.Stanza, codes ...int) {
	_ = r.with(ctx, func() error {
		if c := r.clients[full]; c != nil {
			r.depart(c, func(n *notice) {
				n.codes = codes
				if st != nil {
					n.said, n.id = r.stripPresence(st), st.ID
				}
			})
		}
		return nil
	})
}

// depart takes a client out of the room and tells everybody; more completes the
// notice. If its occupant has other clients these stay. It is called with mu
// held.
func (r *Room) depart(c *client, more func(*notice)) {
	o, at := c.of, c.seat
	n := leaving(o)
	n.item.full = at.full
	if more != nil {
		more(&n)
	}
	wasShown := o.main() == c
	last := r.remove(c)
	r.tellSelf([]*seat{at}, n)
	switch {
	case last:
		r.tellOthers(o, n, r.config.shows(o.role))
	case wasShown:
		r.update(o, noticeOf(o))
	}
	r.left(c)
}

// left settles what remains of a client that has left.
func (r *Room) left(c *client) {
	r.service.visits.end(c.of.account, r)
	r.asked.drop(c.seat.full)
	if len(r.clients) > 0 || r.gone {
		return
	}
	if r.locked || !r.config.Persistent { // §7.14, §10.1.3
		r.gone = true
		r.service.endLater(r)
		return
	}
	r.service.rest(r)
}

// sessionClosed takes a session that has ended out of all rooms, if its presence
// has not done so (§18.1.2: ghosts).
func (m *Module) sessionClosed(ctx context.Context, s module.Session) error {
	for _, r := range m.visits.rooms(s.JID().Bare()) {
		r.leave(ctx, s.JID(), nil)
	}
	return nil
}
