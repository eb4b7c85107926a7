package muc_test

import (
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/xep/muc"
	"parley/internal/xmpptest/imtest"
	"parley/internal/xmpptest/xmlmatch"
	"parley/stanza"
)

// visitor is a person with what it has been told of a room.
type visitor struct {
	*imtest.Client
	account string
	nick    string            // its own, empty outside
	sees    map[string]string // nickname to affiliation, role and what it does
}

// hear takes note of what has come.
func (v *visitor) hear(t *rapid.T) {
	for _, xml := range v.Got() {
		e, err := xmlmatch.Parse(xml)
		if err != nil {
			t.Fatal(err)
		}
		if e.Local == "presence" && e.Attr("type") != "error" {
			v.learn(e)
		}
	}
}

func (v *visitor) learn(e *stanza.Element) {
	_, nick, _ := strings.Cut(e.Attr("from"), "/")
	x := e.Child(nsUser, "x")
	self := false
	for c := range x.Elements() {
		self = self || c.Is(nsUser, "status") && c.Attr("code") == "110"
	}
	switch gone := e.Attr("type") == "unavailable"; {
	case gone && self && !strings.Contains(e.String(), "code='303'"):
		v.nick, v.sees = "", map[string]string{}
	case gone:
		delete(v.sees, nick)
	default:
		if self {
			v.nick = nick
		}
		item := x.Child(nsUser, "item")
		v.sees[nick] = item.Attr("affiliation") + " " + item.Attr("role") + " " + e.Child(stanza.NSClient, "show").Text()
	}
}

// deed is something that a visitor may try; whether it may is the room's to say.
func deed(t *rapid.T, room string) string {
	nick := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "nick")
	who := rapid.SampledFrom([]string{"owner", "u1", "u2", "u3"}).Draw(t, "who") + "@localhost"
	flag := rapid.SampledFrom([]string{"0", "1"}).Draw(t, "flag")
	role := rapid.SampledFrom([]string{"none", "visitor", "participant", "moderator"}).Draw(t, "role")
	affiliation := rapid.SampledFrom([]string{"outcast", "none", "member", "admin", "owner"}).Draw(t, "affiliation")
	field := rapid.SampledFrom([]string{"moderatedroom", "membersonly", "changesubject"}).Draw(t, "field")
	whois := rapid.SampledFrom([]string{"anyone", "moderators"}).Draw(t, "whois")
	deeds := []string{
		join(nick, ""), join(nick, ""), join(nick, ""),
		"<presence to='" + room + "/" + nick + "'><show>away</show></presence>",
		"<presence type='unavailable' to='" + room + "/" + nick + "'/>",
		groupchat("g", "x"),
		"<message type='chat' to='" + room + "/" + nick + "'><body>x</body></message>",
		admin("r", "<item nick='"+nick+"' role='"+role+"'/>"),
		admin("r2", "<item nick='"+nick+"' role='"+role+"'/><item nick='a' role='participant'/>"),
		admin("f", "<item jid='"+who+"' affiliation='"+affiliation+"'/>"),
		admin("f2", "<item jid='"+who+"' affiliation='member' nick='"+nick+"'/>"),
		config("c", field, flag),
		config("w", "whois", whois),
		config("o", "roomowners", who),
	}
	return strings.ReplaceAll(deeds[rapid.IntRange(0, len(deeds)-1).Draw(t, "deed")], "coven@conference.localhost", room)
}

// Whatever people do, each occupant has been told exactly what who enters now is
// told: who is there, as what, and nobody who is not (XEP-0045 §5.1, §7.2.2).
func TestEverybodySeesTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *muc.Options) { o.Creations = 1 << 20 })
	w.QueueBytes = 16 << 20
	var people []*visitor
	for _, name := range []string{"owner", "u1", "u2", "u3"} {
		w.Account(t, name+"@localhost")
		people = append(people, &visitor{Client: w.Bind(t, name+"@localhost/x"), account: name + "@localhost"})
	}
	var rooms atomic.Int32
	rapid.Check(t, func(t *rapid.T) {
		room := fmt.Sprintf("room%d@conference.localhost", rooms.Add(1))
		here := func(xml string) string { return strings.ReplaceAll(xml, "coven@conference.localhost", room) }
		for _, v := range people {
			v.Got()
			v.nick, v.sees = "", map[string]string{}
		}
		people[0].Send(here(join("a", "")))
		people[0].Send(here(config("make", "persistentroom", "1")))
		for range rapid.IntRange(1, 40).Draw(t, "deeds") {
			rapid.SampledFrom(people).Draw(t, "actor").Send(deed(t, room))
		}
		for _, v := range people {
			v.hear(t)
		}
		for _, v := range people {
			if v.nick == "" {
				continue
			}
			before, nick := v.sees, v.nick
			v.sees = map[string]string{}
			v.Send(here(strings.Replace(join(nick, ""), "<x ", "<show>xa</show><x ", 1))) // everything anew
			v.hear(t)
			delete(before, nick) // which has just changed
			after := maps.Clone(v.sees)
			delete(after, nick)
			if !maps.Equal(before, after) {
				t.Errorf("%s was told %v, and is told %v now", v.account, before, after)
			}
			for _, other := range people { // they have heard of that
				if other != v {
					other.hear(t)
				}
			}
		}
		for _, v := range people {
			v.Send("<presence type='unavailable' to='" + room + "/x'/>")
		}
	})
}
