package muc

import (
	"context"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// maxItems is how many items one request may change.
const maxItems = 500

// order is one item of a request that changes something.
type order struct {
	// Of a role: whose.
	nick string
	role standing.Role
	// Of an affiliation: whose, and what becomes of a reserved nickname.
	who         jid.JID
	affiliation standing.Affiliation
	reserve     *string

	byRole bool
	reason string
}

// setList changes roles and affiliations: all that is asked for, or nothing
// (§9.2).
func (r *Room) setList(ctx context.Context, iq *request) (*stanza.Element, error) {
	orders, err := readOrders(iq.Request)
	if err != nil {
		return nil, err
	}
	if err := r.take(ctx); err != nil {
		return nil, err
	}
	defer r.give()
	v, err := r.judge(iq.From, orders)
	if err != nil {
		return nil, err
	}
	answer := result(iq.Stanza, nil)
	if len(v.changes) > 0 {
		last := answer
		if len(v.roles) > 0 {
			last = nil
		}
		if err := r.affiliateNow(ctx, v.changes, v.actor, last); err != nil {
			return nil, err
		}
	}
	if len(v.roles) > 0 {
		if err := r.with(ctx, func() error { r.assign(v, answer); return nil }); err != nil {
			return nil, err
		}
	}
	for _, who := range v.welcome {
		r.welcome(ctx, iq.From, who)
	}
	return nil, module.ErrHandled
}

func readOrders(query *stanza.Element) (orders []order, err error) {
	for item := range query.Elements() {
		if !item.Is(NSAdmin, "item") {
			continue
		}
		o, err := readOrder(item)
		if err != nil {
			return nil, err
		}
		orders = append(orders, o)
	}
	if len(orders) == 0 || len(orders) > maxItems {
		return nil, badRequest("between 1 and 500 items are expected")
	}
	return orders, nil
}

// readOrder: of role and affiliation exactly one is changed (§17.4).
func readOrder(item *stanza.Element) (o order, err error) {
	role, byRole := item.Lookup("role")
	affiliation, byAffiliation := item.Lookup("affiliation")
	nick, named := item.Lookup("nick")
	o.nick, o.byRole, o.reason = nick, byRole, item.Child(NSAdmin, "reason").Text()
	var ok bool
	switch {
	case byRole == byAffiliation:
		return o, badRequest("either a role or an affiliation is changed")
	case byRole:
		if o.role, ok = standing.ParseRole(role); !ok || nick == "" {
			return o, badRequest("a role needs a nickname and one of its values")
		}
		return o, nil
	}
	if o.affiliation, ok = standing.ParseAffiliation(affiliation); !ok {
		return o, badRequest("there is no such affiliation")
	}
	address, given := item.Lookup("jid")
	if !given {
		if nick == "" {
			return o, badRequest("an affiliation needs a jid")
		}
		return o, nil // of whoever has that nickname now
	}
	if named {
		o.reserve = &nick
	}
	who, err := jid.Parse(address)
	if err != nil {
		return o, stanza.NewError(stanza.JIDMalformed, "")
	}
	o.who = who.Bare() // §10.4
	return o, nil
}

// verdict is what orders come to.
type verdict struct {
	actor   string // nickname; empty if not in the room
	roles   []roleOrder
	changes []change
	welcome []jid.JID // who has become a member of a members-only room (§9.5)
}

type roleOrder struct {
	of     *occupant
	to     standing.Role
	reason string
}

// judge says what orders come to, or why they may not be.
func (r *Room) judge(from jid.JID, orders []order) (v verdict, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	me := r.personOf(from)
	if c := r.clients[from]; c != nil {
		v.actor = c.of.nick
	}
	for _, o := range orders {
		if o.byRole {
			err = r.judgeRole(&v, me, o)
		} else {
			err = r.judgeAffiliation(&v, me, from.Bare(), o)
		}
		if err != nil {
			return v, err
		}
	}
	return v, r.keepsOwner(v.changes)
}

func (r *Room) judgeRole(v *verdict, me standing.Person, o order) error {
	target := r.occupants[o.nick]
	switch {
	case target == nil && me.Role < standing.Moderator:
		return stanza.NewError(stanza.Forbidden, "")
	case target == nil:
		return stanza.NewError(stanza.ItemNotFound, "nobody has the nickname "+o.nick)
	}
	if e := standing.CheckRole(me, target.person(), o.role); e != nil {
		return e
	}
	v.roles = append(v.roles, roleOrder{target, o.role, o.reason})
	return nil
}

func (r *Room) judgeAffiliation(v *verdict, me standing.Person, account jid.JID, o order) error {
	if o.who.IsZero() {
		target := r.occupants[o.nick]
		if target == nil && me.Affiliation >= standing.Admin {
			return stanza.NewError(stanza.ItemNotFound, "nobody has the nickname "+o.nick)
		}
		if target != nil {
			o.who = target.account
		}
	}
	before, known := r.members[o.who.String()]
	if !known {
		before.affiliation = standing.Unaffiliated
	}
	if e := standing.CheckAffiliation(me.Affiliation, before.affiliation, o.affiliation); e != nil {
		return e
	}
	if o.who == account && o.affiliation == standing.Outcast {
		return stanza.NewError(stanza.Conflict, "you cannot ban yourself") // §9.1
	}
	to, err := r.becoming(before, o)
	if err != nil {
		return err
	}
	v.changes = append(v.changes, change{o.who.String(), to})
	if r.config.MembersOnly && !known && o.affiliation == standing.Member {
		v.welcome = append(v.welcome, o.who)
	}
	return nil
}

// becoming is what somebody is after an order. A reserved nickname stays with
// who stays affiliated (§9.1, §9.3, §9.5).
func (r *Room) becoming(before member, o order) (member, error) {
	to := member{affiliation: o.affiliation, reason: o.reason}
	if o.affiliation < standing.Member {
		return to, nil
	}
	if to.nick = before.nick; o.reserve == nil || *o.reserve == "" {
		if o.reserve != nil {
			to.nick = ""
		}
		return to, nil
	}
	full, err := r.jid.WithResource(*o.reserve)
	if err != nil {
		return to, stanza.NewError(stanza.JIDMalformed, "")
	}
	to.nick = full.Resource()
	return to, r.mayUse(to.nick, o.who)
}

// keepsOwner: a room is never without one (§10.4).
func (r *Room) keepsOwner(changes []change) error {
	owners := map[string]bool{}
	for _, who := range r.affiliated(standing.Owner) {
		owners[who] = true
	}
	before := len(owners)
	for i := range changes {
		if changes[i].to.affiliation == standing.Owner {
			owners[changes[i].who] = true
		} else {
			delete(owners, changes[i].who)
		}
	}
	if len(owners) == 0 && before > 0 {
		return stanza.NewError(stanza.Conflict, "the room would have no owner")
	}
	return nil
}

// assign gives roles (§8.2–8.5, §9.6–9.8). It is called with mu held. Who left
// meanwhile is left out.
func (r *Room) assign(v verdict, answer *module.Stanza) {
	reasons := map[*occupant]string{}
	var out []*occupant
	for _, o := range v.roles {
		if r.occupants[o.of.nick] == o.of && o.to == standing.NoRole {
			out, reasons[o.of] = append(out, o.of), o.reason
		}
	}
	r.expelAll(out, func(o *occupant, n *notice) {
		n.codes, n.item.actor, n.item.reason = []int{statusKicked}, v.actor, reasons[o]
	}, answer)
	for _, o := range v.roles {
		if r.occupants[o.of.nick] == o.of && o.to != standing.NoRole {
			r.setRole(o.of, o.to, o.reason, v.actor)
		}
	}
}
