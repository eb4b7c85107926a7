package muc

import (
	"context"

	"parley/internal/jid"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// getList answers who has a role or an affiliation (§8.5, §9.2, §9.5, §9.8,
// §10.5, §10.8).
func (r *Room) getList(_ context.Context, iq *request) (*stanza.Element, error) {
	item := iq.Request.Child(NSAdmin, "item")
	role, byRole := item.Lookup("role")
	affiliation, byAffiliation := item.Lookup("affiliation")
	if byRole == byAffiliation {
		return nil, badRequest("one item with either a role or an affiliation is expected")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if byRole {
		return r.roleList(iq.From, role)
	}
	return r.affiliationList(iq.From, affiliation)
}

func (r *Room) roleList(from jid.JID, name string) (*stanza.Element, error) {
	role, ok := standing.ParseRole(name)
	if !ok || role == standing.NoRole {
		return nil, badRequest("there is no list of that role")
	}
	if !r.config.gate().MayListRole(r.personOf(from), role) {
		return nil, stanza.NewError(stanza.Forbidden, "")
	}
	query := stanza.New(NSAdmin, "query")
	for _, o := range r.occupants {
		if o.role == role {
			query.Add(stanza.New(NSAdmin, "item", "affiliation", o.affiliation.String(),
				"jid", o.main().seat.full.String(), "nick", o.nick, "role", o.role.String()))
		}
	}
	return query, nil
}

func (r *Room) affiliationList(from jid.JID, name string) (*stanza.Element, error) {
	a, ok := standing.ParseAffiliation(name)
	if !ok || a == standing.Unaffiliated {
		return nil, badRequest("there is no list of that affiliation")
	}
	if !r.config.gate().MayListAffiliation(r.personOf(from), a) {
		return nil, stanza.NewError(stanza.Forbidden, "")
	}
	query := stanza.New(NSAdmin, "query")
	for _, who := range r.affiliated(a) {
		m := r.members[who]
		e := stanza.New(NSAdmin, "item", "affiliation", a.String(), "jid", who)
		if m.nick != "" {
			e.Set("nick", m.nick)
		}
		query.Add(e.Add(reasonElement(NSAdmin, m.reason)))
	}
	return query, nil
}
