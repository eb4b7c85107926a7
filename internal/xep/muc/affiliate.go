package muc

import (
	"context"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
	"parley/storage"
)

// affiliate stores changes of affiliations and then tells of them. actor is the
// nickname of who makes them.
func (r *Room) affiliate(ctx context.Context, changes []change, actor string) error {
	if err := r.take(ctx); err != nil {
		return err
	}
	defer r.give()
	return r.affiliateNow(ctx, changes, actor, nil)
}

// affiliateNow is called with the turn. answer, if not nil, is sent to who has
// asked, after those concerned were told and before the others (§8.2, §9.1).
func (r *Room) affiliateNow(ctx context.Context, changes []change, actor string, answer *module.Stanza) error {
	if err := r.checkRoom(len(changes)); err != nil {
		return err
	}
	if err := r.service.store.ChangeAffiliations(ctx, r.row.JID, rows(changes)); err != nil {
		return err
	}
	return r.with(ctx, func() error {
		r.apply(changes, actor, statusNoMember, answer)
		return nil
	})
}

func rows(changes []change) []storage.RoomAffiliation {
	out := make([]storage.RoomAffiliation, len(changes))
	for i := range changes {
		out[i] = changes[i].row()
	}
	return out
}

// checkRoom bounds how many can be affiliated with one room.
func (r *Room) checkRoom(more int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.gone:
		return errGone
	case len(r.members)+more > r.service.opts.Affiliations:
		return stanza.NewError(stanza.ResourceConstraint, "too many are affiliated with the room")
	}
	return nil
}

// apply makes stored changes count. It is called with mu held. outside is the
// code for those who may not stay.
func (r *Room) apply(changes []change, actor string, outside int, answer *module.Stanza) {
	for i := range changes {
		r.setMember(changes[i].who, changes[i].to)
	}
	var out, in []*occupant
	reasons := map[*occupant]string{}
	for _, o := range r.occupants {
		if a := r.affiliationOf(o.account); a != o.affiliation || r.mentions(changes, o.account) {
			reasons[o] = reasonFor(changes, o.account)
			if r.config.kind().Enters(a) {
				in = append(in, o)
			} else {
				out = append(out, o)
			}
		}
	}
	r.expelAll(out, func(o *occupant, n *notice) {
		n.codes = []int{outside}
		if n.item.affiliation = r.affiliationOf(o.account); n.item.affiliation == standing.Outcast {
			n.codes = []int{statusBanned}
		}
		n.item.actor, n.item.reason = actor, reasons[o]
	}, answer)
	for _, o := range in {
		r.promote(o, reasons[o])
	}
}

// mentions reports whether an occupant is named by a change.
func (r *Room) mentions(changes []change, account jid.JID) bool {
	for i := range changes {
		if changes[i].who == account.String() {
			return true
		}
	}
	return false
}

func reasonFor(changes []change, account jid.JID) string {
	for i := range changes {
		if c := &changes[i]; c.who == account.String() || c.who == account.Domain() {
			return c.to.reason
		}
	}
	return ""
}

// promote gives an occupant the affiliation that it has now, with the role that
// goes with it (§5.1.3), and tells everybody.
func (r *Room) promote(o *occupant, reason string) {
	a := r.affiliationOf(o.account)
	role := r.config.kind().After(o.person(), a)
	o.affiliation = a
	r.setRole(o, role, reason, "")
}

// setRole gives an occupant who stays a role, and tells everybody. Who becomes
// invisible is seen to leave, who becomes visible to come.
func (r *Room) setRole(o *occupant, role standing.Role, reason, actor string) {
	was := r.config.shows(o.role)
	o.role = role
	r.sitAnew(o)
	n := noticeOf(o)
	n.item.reason, n.item.actor = reason, actor
	is := r.config.shows(role)
	r.tell(o, n, is)
	if was && !is {
		gone := leaving(o)
		r.tellOthers(o, gone, true)
	}
}

// expelAll takes occupants out of the room: they are told first, then who has
// asked for it gets the answer, then the others are told (§8.2, §9.1).
func (r *Room) expelAll(list []*occupant, more func(*occupant, *notice), answer *module.Stanza) {
	type gone struct {
		o     *occupant
		n     notice
		shown bool
		all   []*client
	}
	var left []gone
	for _, o := range list {
		g := gone{o: o, n: leaving(o), shown: r.config.shows(o.role), all: o.clients}
		more(o, &g.n)
		seats := o.seats()
		for _, c := range g.all {
			r.remove(c)
		}
		r.tellSelf(seats, g.n)
		left = append(left, g)
	}
	if answer != nil {
		r.answer(answer.To, answer)
	}
	for _, g := range left {
		r.tellOthers(g.o, g.n, g.shown)
		for _, c := range g.all {
			r.left(c)
		}
	}
}

// accountRemoved forgets what somebody was to the rooms in memory, as storage has:
// whoever has the address later is somebody else.
func (m *Module) accountRemoved(ctx context.Context, account jid.JID) error {
	for _, r := range m.rooms.inMemory() {
		_ = r.with(ctx, func() error { // one that is gone knows nobody
			if known, ok := r.members[account.String()]; ok && known.affiliation != standing.Outcast {
				gone := change{who: account.String(), to: member{affiliation: standing.Unaffiliated}}
				r.apply([]change{gone}, "", statusNoMember, nil)
			}
			return nil
		})
	}
	return nil
}
