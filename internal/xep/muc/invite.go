package muc

import (
	"context"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
	"parley/storage"
)

// maxInvitations is how many a message may hold, and maxInvited how many a room
// remembers so that they can be declined.
const (
	maxInvitations = 50
	maxInvited     = 1000
)

// mediate sends invitations on behalf of an occupant (§7.8.2), or tells who has
// invited somebody that it was in vain.
func (r *Room) mediate(ctx context.Context, ev *module.Event) error {
	x := ev.Element(NSUser, "x")
	if decline := x.Child(NSUser, "decline"); decline != nil {
		return r.decline(ctx, ev, decline)
	}
	var invitations []*stanza.Element
	for e := range x.Elements() {
		if e.Is(NSUser, "invite") {
			invitations = append(invitations, e)
		}
	}
	if len(invitations) == 0 || len(invitations) > maxInvitations {
		return badRequest("between 1 and 50 invitations are expected")
	}
	for _, invite := range invitations {
		if err := r.invite(ctx, ev, invite); err != nil {
			return err
		}
	}
	return nil
}

func (r *Room) invite(ctx context.Context, ev *module.Event, invite *stanza.Element) error {
	to, err := jid.Parse(invite.Attr("to"))
	if err != nil {
		return stanza.NewError(stanza.JIDMalformed, "")
	}
	if err := r.mayInvite(ev.From, to); err != nil {
		return err
	}
	if r.service.host.IsLocal(to) {
		exists, err := r.service.host.AccountExists(ctx, to.Bare())
		if err == nil && !exists {
			err = stanza.NewError(stanza.ItemNotFound, "")
		}
		if err != nil {
			return err
		}
	}
	if err := r.makeMember(ctx, to.Bare()); err != nil {
		return err
	}
	r.service.host.Route(ctx, r.invitation(ev, to, invite))
	return nil
}

// mayInvite: §7.8.2, §9.5. Where everybody may enter, everybody may ask others in.
func (r *Room) mayInvite(from, to jid.JID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	me := r.personOf(from)
	switch {
	case me.Role == standing.NoRole:
		return stanza.NewError(stanza.NotAcceptable, "you are not in the room")
	case r.affiliationOf(to.Bare()) == standing.Outcast && me.Affiliation < standing.Admin:
		return stanza.NewError(stanza.Forbidden, "who you invite is banned")
	case me.Affiliation >= standing.Admin, !r.config.MembersOnly:
		return nil
	case r.config.AllowInvites && me.Affiliation >= standing.Member:
		return nil
	}
	return stanza.NewError(stanza.Forbidden, "")
}

// makeMember puts an invitee on the member list of a members-only room, and of
// no other (§9.5).
func (r *Room) makeMember(ctx context.Context, account jid.JID) error {
	r.mu.Lock()
	needed := r.config.MembersOnly && r.affiliationOf(account) == standing.Unaffiliated
	r.mu.Unlock()
	if !needed {
		return nil
	}
	return r.affiliate(ctx, []change{{who: account.String(), to: member{affiliation: standing.Member}}}, "")
}

// invitation is what the invitee gets. In a room that hides addresses it tells
// only the inviter's nickname.
func (r *Room) invitation(ev *module.Event, to jid.JID, invite *stanza.Element) *module.Stanza {
	r.mu.Lock()
	defer r.mu.Unlock()
	for old := range r.invited {
		if len(r.invited) < maxInvited {
			break
		}
		delete(r.invited, old)
	}
	r.invited[to.Bare()] = ev.From.Bare()
	from := ev.From.Bare()
	if c := r.clients[ev.From]; c != nil && r.config.anonymous() {
		from = c.of.jid
	}
	return r.inviting(to, ev.ID, from, invite)
}

func (r *Room) inviting(to jid.JID, id string, from jid.JID, invite *stanza.Element) *module.Stanza {
	e := stanza.New(NSUser, "invite", "from", from.String())
	for c := range invite.Elements() {
		if c.Is(NSUser, "reason") || c.Is(NSUser, "continue") {
			e.Add(c)
		}
	}
	x := stanza.New(NSUser, "x").Add(e)
	if r.config.PasswordProtected {
		x.Add(stanza.New(NSUser, "password").AddText(r.config.Password))
	}
	st := module.NewStanza(stanza.Message, "", r.jid, to, x)
	st.ID = id
	return st
}

// decline tells the inviter (§7.8.2), if there was an invitation.
func (r *Room) decline(ctx context.Context, ev *module.Event, decline *stanza.Element) error {
	to, err := jid.Parse(decline.Attr("to"))
	if err != nil {
		return stanza.NewError(stanza.JIDMalformed, "")
	}
	inviter, ok := r.inviterOf(ev.From.Bare(), to)
	if !ok {
		return stanza.NewError(stanza.ItemNotFound, "there is no such invitation")
	}
	e := stanza.New(NSUser, "decline", "from", ev.From.Bare().String()).Add(decline.Child(NSUser, "reason"))
	st := module.NewStanza(stanza.Message, "", r.jid, inviter, stanza.New(NSUser, "x").Add(e))
	st.ID = ev.ID
	r.service.host.Route(ctx, st)
	return nil
}

// inviterOf returns who has invited somebody; to is the address or nickname that
// the invitation told.
func (r *Room) inviterOf(invitee, to jid.JID) (inviter jid.JID, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	inviter, ok = r.invited[invitee]
	if !ok || to.Bare() != inviter && to.Bare() != r.jid {
		return jid.JID{}, false
	}
	delete(r.invited, invitee)
	return inviter, true
}

// welcome invites who was put on the member list of a members-only room (§9.5).
func (r *Room) welcome(ctx context.Context, by, to jid.JID) {
	r.mu.Lock()
	from := by.Bare()
	if c := r.clients[by]; c != nil && r.config.anonymous() {
		from = c.of.jid
	}
	st := r.inviting(to, "", from, nil)
	r.mu.Unlock()
	r.service.host.Route(ctx, st)
}

// change is a new standing of somebody.
type change struct {
	who string // bare JID or domain
	to  member
}

// row writes a change down.
func (c *change) row() storage.RoomAffiliation {
	return storage.RoomAffiliation{JID: c.who, Affiliation: c.to.affiliation.String(), Nick: c.to.nick, Reason: c.to.reason}
}
