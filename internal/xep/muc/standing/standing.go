// Package standing says what people are to a room and who may change that: the
// roles, affiliations and tables of XEP-0045 §5. It knows no room: every rule is
// a function of what the two people are.
package standing

import "slices"

// Role is what an occupant may do during a visit (XEP-0045 §5.1). Each has the
// privileges of those before it.
type Role uint8

// The roles.
const (
	NoRole Role = iota
	Visitor
	Participant
	Moderator
)

var roleNames = []string{"none", "visitor", "participant", "moderator"}

// String is the value of the 'role' attribute.
func (r Role) String() string { return roleNames[r] }

// ParseRole reads the value of a 'role' attribute.
func ParseRole(s string) (Role, bool) {
	i := slices.Index(roleNames, s)
	return Role(max(i, 0)), i >= 0
}

// Affiliation is what somebody is to a room for good (XEP-0045 §5.2). Each has
// the privileges of those before it.
type Affiliation uint8

// The affiliations.
const (
	Outcast Affiliation = iota
	Unaffiliated
	Member
	Admin
	Owner
)

var affiliationNames = []string{"outcast", "none", "member", "admin", "owner"}

// String is the value of the 'affiliation' attribute.
func (a Affiliation) String() string { return affiliationNames[a] }

// ParseAffiliation reads the value of an 'affiliation' attribute.
func ParseAffiliation(s string) (Affiliation, bool) {
	i := slices.Index(affiliationNames, s)
	return Affiliation(max(i, 0)), i >= 0
}

// Person is what somebody is to a room at a moment. Who is not in it has no role.
type Person struct {
	Role        Role
	Affiliation Affiliation
}

// Type is what of a room's configuration decides about entering it.
type Type struct{ Moderated, MembersOnly bool }

// Enters reports whether somebody of that affiliation may enter (XEP-0045 §5.2.1).
func (t Type) Enters(a Affiliation) bool {
	return a >= Member || a == Unaffiliated && !t.MembersOnly
}

// Initial is the role with which somebody enters (XEP-0045 §5.1.2).
func (t Type) Initial(a Affiliation) Role {
	switch {
	case !t.Enters(a):
		return NoRole
	case a >= Admin:
		return Moderator
	case a == Unaffiliated && t.Moderated:
		return Visitor
	}
	return Participant
}

// After is the role of an occupant whose affiliation has changed to a (XEP-0045
// §5.1.3): nobody loses voice by a gain, and who loses a rank that made a
// moderator is one no more.
func (t Type) After(before Person, a Affiliation) Role {
	initial := t.Initial(a)
	switch {
	case initial == NoRole:
		return NoRole
	case before.Affiliation >= Admin && a < Admin:
		return initial
	}
	return max(before.Role, initial)
}
