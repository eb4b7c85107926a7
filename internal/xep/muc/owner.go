package muc

import (
	"context"
	"maps"
	"slices"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// getConfig shows an owner the configuration (§10.1.3, §10.2).
func (r *Room) getConfig(_ context.Context, iq *request) (*stanza.Element, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.affiliationOf(iq.From.Bare()) != standing.Owner {
		return nil, stanza.NewError(stanza.Forbidden, "")
	}
	return stanza.New(NSOwner, "query").Add(r.configForm()), nil
}

// setConfig is what an owner wants: another configuration, the room as it is, or
// its end (§10).
func (r *Room) setConfig(ctx context.Context, iq *request) (*stanza.Element, error) {
	r.mu.Lock()
	owner := r.affiliationOf(iq.From.Bare()) == standing.Owner
	r.mu.Unlock()
	if !owner {
		return nil, stanza.NewError(stanza.Forbidden, "")
	}
	x := iq.Request.Child(nsData, "x")
	switch {
	case iq.Request.Child(NSOwner, "destroy") != nil:
		return nil, r.destroy(ctx, iq.Request.Child(NSOwner, "destroy"), iq)
	case x.Attr("type") == "cancel":
		return nil, r.cancel(ctx)
	}
	a, err := readAnswers(x, formConfig)
	if err != nil {
		return nil, err
	}
	if err := r.take(ctx); err != nil {
		return nil, err
	}
	defer r.give()
	return nil, r.configure(ctx, a)
}

// cancel leaves a room as it is; one that was never configured ends (§10.1.3).
func (r *Room) cancel(ctx context.Context) error {
	r.mu.Lock()
	locked := r.locked
	r.mu.Unlock()
	if !locked {
		return nil
	}
	return r.destroy(ctx, stanza.New(NSOwner, "destroy"), nil)
}

// configure is called with the turn.
func (r *Room) configure(ctx context.Context, a answers) error {
	r.mu.Lock()
	config, changes, err := r.wish(a)
	r.mu.Unlock()
	if err != nil {
		return err
	}
	if err := r.checkRoom(len(changes)); err != nil {
		return err
	}
	row := r.row
	row.Locked = false
	if err := config.row(&row); err != nil {
		return err
	}
	if err := r.service.store.UpdateRoom(ctx, row, rows(changes)); err != nil {
		return err
	}
	return r.with(ctx, func() error {
		r.reconfigure(config, changes)
		return nil
	})
}

// wish reads what a form asks for. It is called with mu held.
func (r *Room) wish(a answers) (Config, []change, error) {
	config, err := r.service.configured(r.config, a)
	if err != nil {
		return config, nil, err
	}
	changes, err := r.ranks(a)
	if err != nil {
		return config, nil, err
	}
	return config, changes, r.keepsOwner(changes)
}

// ranks are the changes that the lists of owners and admins in a form come to:
// who is not in them any more is a member (§10.2).
func (r *Room) ranks(a answers) ([]change, error) {
	next := map[string]standing.Affiliation{}
	for _, list := range []struct {
		field string
		rank  standing.Affiliation
	}{{fieldAdmins, standing.Admin}, {fieldOwners, standing.Owner}} {
		if !a.has(list.field) {
			continue
		}
		named, err := readJIDs(a[list.field])
		if err != nil {
			return nil, err
		}
		for _, who := range r.affiliated(list.rank) {
			next[who] = max(next[who], standing.Member)
		}
		for _, who := range named {
			next[who] = max(next[who], list.rank)
		}
	}
	var changes []change
	for _, who := range slices.Sorted(maps.Keys(next)) {
		m := r.members[who]
		if m.affiliation == next[who] {
			continue
		}
		if m.affiliation == standing.Admin && next[who] == standing.Member && !a.has(fieldAdmins) {
			continue
		}
		changes = append(changes, change{who, member{affiliation: next[who], nick: m.nick}})
	}
	return changes, nil
}

// reconfigure makes a stored configuration count: it tells of changes, and takes
// those out who may not be there any more (§10.2). It is called with mu held.
func (r *Room) reconfigure(config Config, changes []change) {
	before, first := r.config, r.locked
	r.config, r.locked = config, false
	r.service.rooms.list(r.jid, &r.config, false)
	if before.anonymous() != config.anonymous() {
		for _, o := range r.occupants {
			r.sitAnew(o)
		}
	}
	r.apply(changes, "", statusNoMember, nil)
	r.expelAll(r.strangers(), func(o *occupant, n *notice) { n.codes = []int{statusMembersOnly} }, nil)
	if !first {
		r.sendAll(r.configNotice(before, config))
	}
	if before.anonymous() && !config.anonymous() || !slices.Equal(before.Broadcast, config.Broadcast) {
		r.showAnew(before)
	}
}

// strangers are occupants who may not be in the room as it is now.
func (r *Room) strangers() (out []*occupant) {
	for _, o := range r.occupants {
		if !r.config.kind().Enters(o.affiliation) {
			out = append(out, o)
		}
	}
	return out
}

// showAnew shows everybody again, where others see more or less of them now: so
// nobody has to enter again to know.
func (r *Room) showAnew(before Config) {
	for _, o := range r.occupants {
		was, is := before.shows(o.role), r.config.shows(o.role)
		switch {
		case is:
			r.tellOthers(o, noticeOf(o), true)
		case was:
			r.tellOthers(o, leaving(o), true)
		}
	}
}

// configNotice tells occupants what has changed for them (§10.2.1).
func (r *Room) configNotice(before, now Config) *module.Stanza {
	var codes []int
	if before.Logging != now.Logging {
		codes = append(codes, map[bool]int{true: statusLogged, false: statusNotLogged}[now.Logging])
	}
	if before.anonymous() != now.anonymous() {
		codes = append(codes, map[bool]int{true: statusNowAnonymous, false: statusNowOpen}[now.anonymous()])
	}
	before.Logging, before.Whois = now.Logging, now.Whois
	if len(codes) == 0 || !before.same(now) {
		codes = append(codes, statusConfigChanged)
	}
	return r.statusMessage(codes)
}

// statusMessage is a message of the room to all with status codes.
func (r *Room) statusMessage(codes []int) *module.Stanza {
	b := []byte("<x xmlns='" + NSUser + "'>")
	for _, code := range codes {
		b = appendStatus(b, code)
	}
	return fill(&module.Stanza{Kind: stanza.Message, Type: "groupchat", From: r.jid}, append(b, "</x>"...))
}

// destroy ends the room: each occupant is told once, where to go instead and why
// (§10.9). The answer goes out with that.
func (r *Room) destroy(ctx context.Context, destroy *stanza.Element, iq *request) error {
	if venue := destroy.Attr("jid"); venue != "" {
		if _, err := jid.Parse(venue); err != nil {
			return stanza.NewError(stanza.JIDMalformed, "")
		}
	}
	if err := r.take(ctx); err != nil {
		return err
	}
	defer r.give()
	var all []*client
	err := r.with(ctx, func() error {
		r.gone = true
		extra := destroyElement(destroy).Append(nil, NSUser)
		for _, o := range r.occupants {
			n := leaving(o)
			n.extra, n.item.affiliation = extra, standing.Unaffiliated
			r.tellSelf(o.seats(), n)
			all = append(all, o.clients...)
		}
		r.occupants, r.clients, r.everybody = map[string]*occupant{}, map[jid.JID]*client{}, nil
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range all {
		r.service.visits.end(c.of.account, r)
	}
	return r.service.end(ctx, r)
}

func destroyElement(asked *stanza.Element) *stanza.Element {
	e := stanza.New(NSUser, "destroy")
	if venue := asked.Attr("jid"); venue != "" {
		e.Set("jid", venue)
	}
	for _, name := range []string{"password", "reason"} {
		if c := asked.Child(NSOwner, name); c != nil {
			e.Add(stanza.New(NSUser, name).AddText(c.Text()))
		}
	}
	return e
}
