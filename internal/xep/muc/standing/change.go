package standing

import "parley/stanza"

// CheckRole says why actor may not give target the role to; nil if it may
// (XEP-0045 §5.1.3, §8 and §9).
func CheckRole(actor, target Person, to Role) *stanza.Error {
	switch {
	case actor.Role < Moderator:
		return stanza.NewError(stanza.Forbidden, "") // §8
	case to == NoRole:
		return checkKick(actor, target)
	case to == Moderator || target.Role == Moderator:
		return checkModerator(actor, target, to)
	case to == Visitor:
		return checkVoice(actor, target)
	}
	return nil
}

// checkKick: §8.2, and §5.1.3 of moderators.
func checkKick(actor, target Person) *stanza.Error {
	if target.Affiliation > actor.Affiliation || target.Role == Moderator && actor.Affiliation < Admin {
		return stanza.NewError(stanza.NotAllowed, "")
	}
	return nil
}

// checkModerator: §9.6 and §9.7. Who is an admin is a moderator.
func checkModerator(actor, target Person, to Role) *stanza.Error {
	switch {
	case actor.Affiliation < Admin:
		return stanza.NewError(stanza.Forbidden, "")
	case to < target.Role && target.Affiliation >= Admin:
		return stanza.NewError(stanza.NotAllowed, "")
	}
	return nil
}

// checkVoice: §8.4 forbids to take the voice from whoever is of the same
// affiliation. Between people without one that would leave a moderator only the
// kick, so there it is allowed, as §5.1.3 draws it.
func checkVoice(actor, target Person) *stanza.Error {
	if target.Affiliation >= Admin || target.Affiliation >= Member && target.Affiliation >= actor.Affiliation {
		return stanza.NewError(stanza.NotAllowed, "")
	}
	return nil
}

// CheckAffiliation says why somebody of the affiliation actor may not change that
// of another from before to after; nil if it may (XEP-0045 §5.2.2, §9, §10).
// Who changes himself, and how many owners remain, is the caller's to check.
func CheckAffiliation(actor, before, after Affiliation) *stanza.Error {
	switch {
	case actor < Admin:
		return stanza.NewError(stanza.Forbidden, "") // §9
	case actor == Owner:
		return nil
	case after >= Admin:
		return stanza.NewError(stanza.Forbidden, "") // §10.3, §10.6
	case before < Admin:
		return nil
	case after == Outcast:
		return stanza.NewError(stanza.NotAllowed, "") // §9.1
	}
	return stanza.NewError(stanza.Forbidden, "") // §10.4, §10.7
}

// Gate is what of a room's configuration decides who may read lists.
type Gate struct {
	Anonymous bool   // only moderators see who is who
	Lists     []Role // who may retrieve the member list (muc#roomconfig_getmemberlist)
}

// MayListRole reports whether somebody may read who has a role (XEP-0045 §8.5,
// §9.8).
func (Gate) MayListRole(who Person, list Role) bool {
	if list == Moderator {
		return who.Affiliation >= Admin
	}
	return who.Role == Moderator
}

// MayListAffiliation reports whether somebody may read who has an affiliation
// (XEP-0045 §5.2.1, §9.2, §9.5, §10.5, §10.8). In rooms that hide nobody,
// members may also read who the admins and owners are: who encrypts for all
// members needs to know them (XEP-0384).
func (g Gate) MayListAffiliation(who Person, list Affiliation) bool {
	switch {
	case list == Unaffiliated:
		return false
	case who.Affiliation == Owner:
		return true
	case list <= Member && who.Affiliation == Admin:
		return true
	case list == Outcast:
		return false
	case !g.Anonymous && who.Affiliation >= Member:
		return true
	}
	return list == Member && who.Affiliation > Outcast && g.listed(who.Role)
}

// listed: where JIDs are hidden, only those who see them anyway.
func (g Gate) listed(r Role) bool {
	if g.Anonymous && r != Moderator {
		return false
	}
	for _, l := range g.Lists {
		if l == r && r != NoRole {
			return true
		}
	}
	return false
}
