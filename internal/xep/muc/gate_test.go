package muc_test

import (
	"strings"
	"testing"

	"parley/internal/xep/muc"
	"parley/internal/xmpptest/imtest"
)

// The people who ask, in this order in the tables.
var askers = []string{"outcast", "stranger", "occupant", "member outside", "member", "moderator", "admin", "owner"}

// gateQueries are the questions and orders of the tables. Those that would change
// something ask for what cannot be, after the check who may.
var gateQueries = map[string]string{
	"list outcast":     request("get", "q", "<query xmlns='"+nsAdmin+"'><item affiliation='outcast'/></query>"),
	"list member":      request("get", "q", "<query xmlns='"+nsAdmin+"'><item affiliation='member'/></query>"),
	"list admin":       request("get", "q", "<query xmlns='"+nsAdmin+"'><item affiliation='admin'/></query>"),
	"list owner":       request("get", "q", "<query xmlns='"+nsAdmin+"'><item affiliation='owner'/></query>"),
	"list participant": request("get", "q", "<query xmlns='"+nsAdmin+"'><item role='participant'/></query>"),
	"list visitor":     request("get", "q", "<query xmlns='"+nsAdmin+"'><item role='visitor'/></query>"),
	"list moderator":   request("get", "q", "<query xmlns='"+nsAdmin+"'><item role='moderator'/></query>"),
	"configuration":    request("get", "q", "<query xmlns='"+muc.NSOwner+"'/>"),
	"configure":        config("q", "whois", "nobody"),
	"destroy":          request("set", "q", "<query xmlns='"+muc.NSOwner+"'><destroy jid='a@b@c'/></query>"),
	"ban":              admin("q", "<item affiliation='outcast' nick='nobody'/>"),
	"make owner":       admin("q", "<item affiliation='owner' jid='new@localhost'/>"),
	"kick":             admin("q", "<item role='none' nick='nobody'/>"),
	"archive":          request("set", "q", "<query xmlns='urn:xmpp:mam:2'/>"),
	"archive by who":   request("set", "q", "<query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field><field var='with'><value>a@localhost</value></field></x></query>"),
	"archive ends":     request("get", "q", "<metadata xmlns='urn:xmpp:mam:2'/>"),
	"avatar":           request("set", "q", "<vCard xmlns='vcard-temp'/>"),
	"moderate":         request("set", "q", "<moderate xmlns='urn:xmpp:message-moderate:1' id='1'><retract xmlns='urn:xmpp:message-retract:1'/></moderate>"),
	"info":             request("get", "q", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
}

// Short names of the outcomes.
var short = map[string]string{
	"ok": "ok", "-": "forbidden", "nf": "item-not-found", "na": "not-acceptable", "jm": "jid-malformed",
}

// GOALS "Dangers": every question × what somebody is to the room × the kind of
// room. XEP-0045 §5.2.1, §8–10; XEP-0313 §6.1.2; XEP-0425 §4; XEP-0486 §3.
func TestGate(t *testing.T) {
	t.Parallel()
	same := map[string]string{ // in all rooms
		"list outcast":     "-  -  -  -  -  -  ok ok",
		"list participant": "-  -  -  -  -  ok ok ok",
		"list visitor":     "-  -  -  -  -  ok ok ok",
		"list moderator":   "-  -  -  -  -  -  ok ok",
		"configuration":    "-  -  -  -  -  -  -  ok",
		"configure":        "-  -  -  -  -  -  -  na",
		"destroy":          "-  -  -  -  -  -  -  jm",
		"ban":              "-  -  -  -  -  -  nf nf",
		"make owner":       "-  -  -  -  -  -  -  ok",
		"kick":             "-  -  -  -  -  nf nf nf",
		"avatar":           "-  -  -  -  -  -  -  ok",
		"moderate":         "-  -  -  -  -  nf nf nf",
		"info":             "ok ok ok ok ok ok ok ok",
	}
	for name, tt := range map[string]struct {
		fields []string
		rows   map[string]string
	}{
		"open, semi-anonymous": {nil, map[string]string{
			"list member":    "-  -  -  -  -  ok ok ok",
			"list admin":     "-  -  -  -  -  -  -  ok",
			"list owner":     "-  -  -  -  -  -  -  ok",
			"archive":        "-  ok ok ok ok ok ok ok",
			"archive by who": "-  -  -  -  -  ok ok ok",
			"archive ends":   "-  ok ok ok ok ok ok ok",
		}},
		"open, non-anonymous": {[]string{"whois", "anyone"}, map[string]string{
			"list member":    "-  -  ok ok ok ok ok ok",
			"list admin":     "-  -  -  ok ok -  ok ok",
			"list owner":     "-  -  -  ok ok -  ok ok",
			"archive":        "-  ok ok ok ok ok ok ok",
			"archive by who": "-  ok ok ok ok ok ok ok",
			"archive ends":   "-  ok ok ok ok ok ok ok",
		}},
		"with a password": {[]string{"passwordprotectedroom", "1", "roomsecret", "x"}, map[string]string{
			"list member":    "-  -  -  -  -  ok ok ok",
			"list admin":     "-  -  -  -  -  -  -  ok",
			"list owner":     "-  -  -  -  -  -  -  ok",
			"archive":        "-  -  ok ok ok ok ok ok",
			"archive by who": "-  -  -  -  -  ok ok ok",
			"archive ends":   "-  -  ok ok ok ok ok ok",
		}},
		"moderated, hidden": {[]string{"moderatedroom", "1", "publicroom", "0"}, map[string]string{
			"list member":    "-  -  -  -  -  ok ok ok",
			"list admin":     "-  -  -  -  -  -  -  ok",
			"list owner":     "-  -  -  -  -  -  -  ok",
			"archive":        "-  ok ok ok ok ok ok ok",
			"archive by who": "-  -  -  -  -  ok ok ok",
			"archive ends":   "-  ok ok ok ok ok ok ok",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			people := w.everybody(tt.fields...)
			for query, xml := range gateQueries {
				row, ok := tt.rows[query]
				if !ok {
					row = same[query]
				}
				for i, want := range strings.Fields(row) {
					c := people[askers[i]]
					c.Got()
					c.Send(xml)
					if got := outcome(t, answer(t, c.Got(), "q")); got != short[want] {
						t.Errorf("%s, %s: got %s, want %s", query, askers[i], got, short[want])
					}
				}
			}
		})
	}
}

// everybody fills a room with all kinds of people.
func (w *world) everybody(fields ...string) map[string]*imtest.Client {
	w.t.Helper()
	owner := w.make()
	people := map[string]*imtest.Client{"owner": owner}
	for _, name := range askers[:len(askers)-1] {
		account := strings.ReplaceAll(name, " ", "-") + "@localhost"
		w.Account(w.t, account)
		if a := map[string]string{"outcast": "outcast", "member": "member", "member outside": "member", "admin": "admin"}[name]; a != "" {
			owner.Send(admin("a", "<item affiliation='"+a+"' jid='"+account+"'/>"))
		}
		people[name] = w.Bind(w.t, account+"/x")
		if name != "outcast" && name != "stranger" && name != "member outside" {
			people[name].Send(join(name, ""))
		}
	}
	owner.Send(admin("m", "<item role='moderator' nick='moderator'/>"))
	owner.Send(config("c", fields...))
	return people
}

// XEP-0313 §6.1.2: only members read the archive of a members-only room.
func TestGateMembersOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	people := w.everybody("membersonly", "1")
	for i, want := range strings.Fields("- - - ok ok - ok ok") {
		c := people[askers[i]]
		c.Got()
		c.Send(gateQueries["archive"])
		if got := outcome(t, answer(t, c.Got(), "q")); got != short[want] {
			t.Errorf("%s: got %s, want %s", askers[i], got, short[want])
		}
	}
}
