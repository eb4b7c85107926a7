package muc

import (
	"context"
	"strings"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// present takes presence of a client that is in the room: a new nickname (§7.6),
// or what it does (§7.7). ok is false if it is not in the room.
func (r *Room) present(ctx context.Context, ev *module.Event) (ok bool, err error) {
	err = r.with(ctx, func() error {
		c := r.clients[ev.From]
		if ok = c != nil; !ok {
			return nil
		}
		if ev.To.Resource() != c.of.nick {
			if strings.TrimSpace(ev.To.Resource()) == "" {
				return notAcceptable("the nickname has nothing to see")
			}
			return r.rename(ev.Stanza, ev.To, c)
		}
		r.say(c, ev.Stanza)
		return nil
	})
	return ok, r.refuse(err)
}

// say notes what a client says of itself, and tells everybody (§7.7).
func (r *Room) say(c *client, st *module.Stanza) {
	r.note(c, st)
	n := noticeOf(c.of)
	n.id = st.ID
	r.update(c.of, n)
}

// note makes a client the one whose presence is shown.
func (r *Room) note(c *client, st *module.Stanza) {
	o := c.of
	c.presence = r.stripPresence(st)
	o.forgetShown()
	if last := len(o.clients) - 1; o.clients[last] != c {
		for i := range o.clients {
			if o.clients[i] == c {
				o.clients = append(append(o.clients[:i:i], o.clients[i+1:]...), c)
				break
			}
		}
	}
}

// rename gives a client a new nickname (§7.6). Other clients of its occupant
// keep theirs.
func (r *Room) rename(st *module.Stanza, at jid.JID, c *client) error {
	old := c.of
	me := r.memberOf(old.account)
	if r.config.LockNicks && me.nick != "" && me.nick != at.Resource() {
		return stanza.NewError(stanza.NotAcceptable, "the nickname is reserved for you and locked")
	}
	if err := r.mayUse(at.Resource(), old.account); err != nil {
		return err
	}
	n := leaving(old, statusNewNick)
	n.item.role, n.item.nick, n.id = old.role, at.Resource(), st.ID
	n.item.full = c.seat.full
	shown := r.config.shows(old.role)
	from, before := c.seat, r.everybody
	last := r.move(c, at, st)
	r.tellSelf([]*seat{from}, n)
	if last {
		r.tellThose(before, old, n, shown)
	} else {
		r.update(old, noticeOf(old))
	}
	next := noticeOf(c.of)
	next.id = st.ID
	r.update(c.of, next)
	return nil
}

// move seats a client at another nickname and reports whether it was the last
// one at the old. A client that moves stays the same seat for what is on its way.
func (r *Room) move(c *client, at jid.JID, st *module.Stanza) (last bool) {
	old := c.of
	full, session := c.seat.full, c.seat.session
	last = r.remove(c)
	o := r.occupants[at.Resource()]
	if o == nil {
		o = r.newOccupant(at, old.account)
		o.role = old.role
	}
	r.enter(o, full, session, r.stripPresence(st))
	c.of, c.seat = o, r.clients[full].seat
	o.clients[len(o.clients)-1] = c
	r.clients[full] = c
	c.presence = r.stripPresence(st)
	return last
}
