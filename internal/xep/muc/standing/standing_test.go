package standing_test

import (
	"testing"

	"pgregory.net/rapid"

	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

const (
	none, visitor, participant, moderator = standing.NoRole, standing.Visitor, standing.Participant, standing.Moderator

	outcast, nobody, member, admin, owner = standing.Outcast, standing.Unaffiliated, standing.Member, standing.Admin, standing.Owner
)

// XEP-0045 §5.1.2, the table, and §5.2.1 for who may enter.
func TestInitialRole(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		room standing.Type
		want [5]standing.Role // of outcast, none, member, admin, owner
	}{
		"open":                   {standing.Type{}, [5]standing.Role{none, participant, participant, moderator, moderator}},
		"moderated":              {standing.Type{Moderated: true}, [5]standing.Role{none, visitor, participant, moderator, moderator}},
		"members-only":           {standing.Type{MembersOnly: true}, [5]standing.Role{none, none, participant, moderator, moderator}},
		"members-only moderated": {standing.Type{Moderated: true, MembersOnly: true}, [5]standing.Role{none, none, participant, moderator, moderator}},
	} {
		for a, want := range tt.want {
			if got := tt.room.Initial(standing.Affiliation(a)); got != want {
				t.Errorf("%s, %s: got %s, want %s", name, standing.Affiliation(a), got, want)
			}
			if got := tt.room.Enters(standing.Affiliation(a)); got != (want != none) {
				t.Errorf("%s, %s: enters %v", name, standing.Affiliation(a), got)
			}
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for r := none; r <= moderator; r++ {
		if got, ok := standing.ParseRole(r.String()); got != r || !ok {
			t.Errorf("role %s: got %s, %v", r, got, ok)
		}
	}
	for a := outcast; a <= owner; a++ {
		if got, ok := standing.ParseAffiliation(a.String()); got != a || !ok {
			t.Errorf("affiliation %s: got %s, %v", a, got, ok)
		}
	}
	for _, bad := range []string{"", "Owner", "boss"} {
		if _, ok := standing.ParseRole(bad); ok {
			t.Errorf("role %q is known", bad)
		}
		if _, ok := standing.ParseAffiliation(bad); ok {
			t.Errorf("affiliation %q is known", bad)
		}
	}
}

func condition(e *stanza.Error) stanza.Condition {
	if e == nil {
		return ""
	}
	return e.Condition
}

// XEP-0045 §5.1.3, §8, §9: one line for each rule.
func TestCheckRole(t *testing.T) {
	t.Parallel()
	type person = standing.Person
	for name, tt := range map[string]struct {
		actor, target person
		to            standing.Role
		want          stanza.Condition
	}{
		"§8 no moderator":                   {person{participant, member}, person{participant, nobody}, none, stanza.Forbidden},
		"§8 an owner who is not there":      {person{none, owner}, person{participant, nobody}, none, stanza.Forbidden},
		"§8.2 kick":                         {person{moderator, nobody}, person{participant, nobody}, none, ""},
		"§8.2 kick of a higher one":         {person{moderator, member}, person{moderator, admin}, none, stanza.NotAllowed},
		"§8.2 admin kicks owner":            {person{moderator, admin}, person{moderator, owner}, none, stanza.NotAllowed},
		"§8.2 owner kicks owner":            {person{moderator, owner}, person{moderator, owner}, none, ""},
		"§8.2 member kicked by nobody":      {person{moderator, nobody}, person{participant, member}, none, stanza.NotAllowed},
		"§5.1.3 moderator kicks another":    {person{moderator, member}, person{moderator, nobody}, none, stanza.NotAllowed},
		"§8.3 grant voice":                  {person{moderator, nobody}, person{visitor, nobody}, participant, ""},
		"§8.4 revoke voice":                 {person{moderator, member}, person{participant, nobody}, visitor, ""},
		"§8.4 among those without":          {person{moderator, nobody}, person{participant, nobody}, visitor, ""},
		"§8.4 of the same affiliation":      {person{moderator, member}, person{participant, member}, visitor, stanza.NotAllowed},
		"§8.4 voice of an admin":            {person{moderator, owner}, person{moderator, admin}, visitor, stanza.NotAllowed},
		"§9.6 grant moderator":              {person{moderator, admin}, person{visitor, nobody}, moderator, ""},
		"§9.6 by a mere moderator":          {person{moderator, member}, person{participant, nobody}, moderator, stanza.Forbidden},
		"§9.7 revoke moderator":             {person{moderator, admin}, person{moderator, member}, participant, ""},
		"§9.7 by a mere moderator":          {person{moderator, member}, person{moderator, nobody}, participant, stanza.Forbidden},
		"§9.7 of an admin":                  {person{moderator, admin}, person{moderator, admin}, participant, stanza.NotAllowed},
		"§9.7 of an owner, by an owner":     {person{moderator, owner}, person{moderator, owner}, participant, stanza.NotAllowed},
		"§9.6 an admin is one already":      {person{moderator, admin}, person{moderator, admin}, moderator, ""},
		"§8.4 moderator becomes a visitor":  {person{moderator, admin}, person{moderator, nobody}, visitor, ""},
		"§8.4 an admin becomes one by none": {person{moderator, nobody}, person{moderator, admin}, visitor, stanza.Forbidden},
	} {
		if got := condition(standing.CheckRole(tt.actor, tt.target, tt.to)); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

// XEP-0045 §5.2.1 and §5.2.2: the whole state chart for who is an admin; owners
// may all, others nothing.
func TestCheckAffiliation(t *testing.T) {
	t.Parallel()
	const no, never = stanza.Forbidden, stanza.NotAllowed
	byAdmin := [5][5]stanza.Condition{ // before, after
		outcast: {"", "", "", no, no},
		nobody:  {"", "", "", no, no},
		member:  {"", "", "", no, no},
		admin:   {never, no, no, no, no},
		owner:   {never, no, no, no, no},
	}
	for before := outcast; before <= owner; before++ {
		for after := outcast; after <= owner; after++ {
			for actor := outcast; actor <= owner; actor++ {
				want := map[standing.Affiliation]stanza.Condition{admin: byAdmin[before][after], owner: ""}
				expect, ok := want[actor]
				if !ok {
					expect = no
				}
				if got := condition(standing.CheckAffiliation(actor, before, after)); got != expect {
					t.Errorf("%s makes %s of %s: got %q, want %q", actor, after, before, got, expect)
				}
			}
		}
	}
}

func people(t *rapid.T, name string) standing.Person {
	return standing.Person{
		Role:        standing.Role(rapid.IntRange(0, int(moderator)).Draw(t, name+" role")),
		Affiliation: standing.Affiliation(rapid.IntRange(0, int(owner)).Draw(t, name+" affiliation")),
	}
}

// XEP-0045 §5.1: each role, and each affiliation, has the privileges of those
// below it.
func TestRanksAreAHierarchy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		low, high, target := people(t, "low"), people(t, "high"), people(t, "target")
		if low.Role > high.Role || low.Affiliation > high.Affiliation {
			t.Skip("not above")
		}
		to := standing.Role(rapid.IntRange(0, int(moderator)).Draw(t, "to"))
		if standing.CheckRole(low, target, to) == nil && standing.CheckRole(high, target, to) != nil {
			t.Errorf("%v may make %v a %s, %v may not", low, target, to, high)
		}
		after := standing.Affiliation(rapid.IntRange(0, int(owner)).Draw(t, "after"))
		if standing.CheckAffiliation(low.Affiliation, target.Affiliation, after) == nil &&
			standing.CheckAffiliation(high.Affiliation, target.Affiliation, after) != nil {
			t.Errorf("%v may make %v an %s, %v may not", low, target, after, high)
		}
	})
}

// Nobody gets out of a change more than he has, and nobody takes from who is
// above.
func TestNobodyRisesAboveHimself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		actor, target := people(t, "actor"), people(t, "target")
		after := standing.Affiliation(rapid.IntRange(0, int(owner)).Draw(t, "after"))
		if standing.CheckAffiliation(actor.Affiliation, target.Affiliation, after) == nil {
			if after > actor.Affiliation || target.Affiliation > actor.Affiliation {
				t.Errorf("%s makes %s of %s", actor.Affiliation, after, target.Affiliation)
			}
		}
		to := standing.Role(rapid.IntRange(0, int(moderator)).Draw(t, "to"))
		if standing.CheckRole(actor, target, to) == nil && to < target.Role && target.Affiliation > actor.Affiliation && target.Affiliation >= admin {
			t.Errorf("%v takes the role of %v", actor, target)
		}
	})
}

// XEP-0045 §5.1.3: what a change of affiliation does to the role.
func TestRoleAfter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		room := standing.Type{Moderated: rapid.Bool().Draw(t, "moderated"), MembersOnly: rapid.Bool().Draw(t, "members-only")}
		before := people(t, "before")
		after := standing.Affiliation(rapid.IntRange(0, int(owner)).Draw(t, "after"))
		got := room.After(before, after)
		switch {
		case !room.Enters(after):
			if got != none {
				t.Errorf("%v stays as %s", before, got)
			}
		case got < room.Initial(after):
			t.Errorf("%v has become %s and is only %s", before, after, got)
		case before.Affiliation >= admin && after < admin && got != room.Initial(after):
			t.Errorf("%v is no %s any more and still %s", before, before.Affiliation, got)
		case after >= before.Affiliation && got < before.Role:
			t.Errorf("%v has become %s and lost its role", before, after)
		}
	})
}

// GOALS "Dangers": who may read which list, in which room.
func TestLists(t *testing.T) {
	t.Parallel()
	all := []standing.Role{visitor, participant, moderator}
	for name, tt := range map[string]struct {
		gate standing.Gate
		list standing.Affiliation
		want [5]bool // of an outcast, nobody, member, admin, owner who is not in the room
	}{
		"banned":                 {standing.Gate{Anonymous: true, Lists: all}, outcast, [5]bool{admin: true, owner: true}},
		"banned, open":           {standing.Gate{Lists: all}, outcast, [5]bool{admin: true, owner: true}},
		"members, hidden":        {standing.Gate{Anonymous: true, Lists: all}, member, [5]bool{admin: true, owner: true}},
		"members, shown":         {standing.Gate{Lists: all}, member, [5]bool{member: true, admin: true, owner: true}},
		"admins, hidden":         {standing.Gate{Anonymous: true, Lists: all}, admin, [5]bool{owner: true}},
		"admins, shown":          {standing.Gate{Lists: all}, admin, [5]bool{member: true, admin: true, owner: true}},
		"owners, hidden":         {standing.Gate{Anonymous: true, Lists: all}, owner, [5]bool{owner: true}},
		"owners, shown":          {standing.Gate{Lists: all}, owner, [5]bool{member: true, admin: true, owner: true}},
		"those without":          {standing.Gate{Lists: all}, nobody, [5]bool{}},
		"members, shown, no one": {standing.Gate{}, member, [5]bool{member: true, admin: true, owner: true}},
	} {
		for a := outcast; a <= owner; a++ {
			if got := tt.gate.MayListAffiliation(standing.Person{Affiliation: a}, tt.list); got != tt.want[a] {
				t.Errorf("%s: %s may read: %v", name, a, got)
			}
		}
	}
	inside := standing.Person{Role: participant, Affiliation: nobody}
	for name, tt := range map[string]struct {
		gate standing.Gate
		who  standing.Person
		want bool
	}{
		"§9.5 an occupant of an open room":   {standing.Gate{Lists: all}, inside, true},
		"§9.5 configured otherwise":          {standing.Gate{Lists: []standing.Role{moderator}}, inside, false},
		"§5.2.1 of one that hides addresses": {standing.Gate{Anonymous: true, Lists: all}, inside, false},
		"a moderator of that":                {standing.Gate{Anonymous: true, Lists: all}, standing.Person{Role: moderator, Affiliation: nobody}, true},
	} {
		if got := tt.gate.MayListAffiliation(tt.who, member); got != tt.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	for role, want := range map[standing.Role][3]bool{ // a participant, a moderator, an admin who moderates
		participant: {false, true, true}, visitor: {false, true, true}, moderator: {false, false, true},
	} {
		for i, who := range []standing.Person{inside, {Role: moderator, Affiliation: member}, {Role: moderator, Affiliation: admin}} {
			if got := (standing.Gate{}).MayListRole(who, role); got != want[i] {
				t.Errorf("%v may read who is %s: %v", who, role, got)
			}
		}
	}
}
