package muc

import (
	"slices"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/muc/standing"
)

// occupant is one nickname in a room: an account with one or more clients (§7.2.8).
// All of it is guarded by the room's lock.
type occupant struct {
	nick        string
	jid         jid.JID // room@service/nick
	account     jid.JID
	id          string // XEP-0421
	hats        []byte // XEP-0317, as presence shows them
	role        standing.Role
	affiliation standing.Affiliation
	clients     []*client // the last one to have sent presence is shown

	// shown is the presence of the occupant as others see it; nil when it has to
	// be made anew.
	shown struct{ public, full *module.Stanza }
}

// client is one client of an occupant.
type client struct {
	of       *occupant
	seat     *seat
	presence *module.Stanza // what it says of itself, without what only we may say
}

func (o *occupant) person() standing.Person {
	return standing.Person{Role: o.role, Affiliation: o.affiliation}
}

// main is the client whose presence is shown.
func (o *occupant) main() *client { return o.clients[len(o.clients)-1] }

// seats are those of the occupant's clients.
func (o *occupant) seats() []*seat {
	out := make([]*seat, len(o.clients))
	for i, c := range o.clients {
		out[i] = c.seat
	}
	return out
}

func (o *occupant) forgetShown() { o.shown.public, o.shown.full = nil, nil }

// sees reports whether a role sees real addresses (§7.2.3, §7.2.4).
func (r *Room) sees(role standing.Role) bool {
	return !r.config.anonymous() || role == standing.Moderator
}

// sit gives a client its place, and takes away an old one. It is called with mu
// held.
func (r *Room) sit(c *client, full jid.JID, session module.Session) {
	old := c.seat
	c.seat = &seat{full: full, session: session, of: c.of, sees: r.sees(c.of.role)}
	if old == nil {
		r.everybody = append(slices.Clip(r.everybody), c.seat)
		return
	}
	next := slices.Clone(r.everybody)
	next[slices.Index(next, old)] = c.seat
	r.everybody = next
}

// sitAnew renews the places of an occupant whose role has changed.
func (r *Room) sitAnew(o *occupant) {
	o.forgetShown()
	for _, c := range o.clients {
		if c.seat.sees != r.sees(o.role) {
			r.sit(c, c.seat.full, c.seat.session)
		}
	}
}

// enter makes a client one of an occupant's.
func (r *Room) enter(o *occupant, full jid.JID, session module.Session, presence *module.Stanza) *client {
	c := &client{of: o, presence: presence}
	o.clients = append(o.clients, c)
	o.forgetShown()
	r.occupants[o.nick] = o
	r.clients[full] = c
	r.sit(c, full, session)
	return c
}

// remove takes a client out of the room, and its occupant if it was the last.
func (r *Room) remove(c *client) (last bool) {
	o := c.of
	r.everybody = slices.DeleteFunc(slices.Clone(r.everybody), func(s *seat) bool { return s == c.seat })
	o.clients = slices.DeleteFunc(slices.Clone(o.clients), func(other *client) bool { return other == c })
	o.forgetShown()
	delete(r.clients, c.seat.full)
	if len(o.clients) > 0 {
		return false
	}
	if r.occupants[o.nick] == o {
		delete(r.occupants, o.nick)
	}
	return true
}

// newOccupant makes the occupant of a nickname.
func (r *Room) newOccupant(at, account jid.JID) *occupant {
	a := r.affiliationOf(account)
	return &occupant{
		nick: at.Resource(), jid: at, account: account, id: r.occupantID(account), hats: r.hatsOf(account),
		affiliation: a, role: r.config.kind().Initial(a),
	}
}
