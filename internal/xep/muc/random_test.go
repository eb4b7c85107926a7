package muc_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/xmpptest/imtest"
)

// element draws one that means something to rooms, with anything in it.
func element(t *rapid.T, depth int) string {
	name := rapid.SampledFrom([]string{
		"x xmlns='http://jabber.org/protocol/muc'", "x xmlns='http://jabber.org/protocol/muc#user'", "x xmlns='jabber:x:data'",
		"query xmlns='http://jabber.org/protocol/muc#admin'", "query xmlns='http://jabber.org/protocol/muc#owner'",
		"query xmlns='jabber:iq:register'", "query xmlns='urn:xmpp:mam:2'", "metadata xmlns='urn:xmpp:mam:2'",
		"query xmlns='http://jabber.org/protocol/disco#info'", "query xmlns='http://jabber.org/protocol/disco#items'",
		"vCard xmlns='vcard-temp'", "moderate xmlns='urn:xmpp:message-moderate:1'", "retract xmlns='urn:xmpp:message-retract:1'",
		"command xmlns='http://jabber.org/protocol/commands'", "search xmlns='urn:xmpp:channel-search:0:search'",
		"set xmlns='http://jabber.org/protocol/rsm'", "ping xmlns='urn:xmpp:ping'", "unique xmlns='http://jabber.org/protocol/muc#unique'",
		"origin-id xmlns='urn:xmpp:sid:0'", "error xmlns='jabber:client'", "delay xmlns='urn:xmpp:delay'",
		"item", "invite", "decline", "destroy", "reason", "field", "value", "history", "password", "remove", "max", "before", "after",
		"body", "subject", "thread", "PHOTO", "BINVAL", "show", "gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'",
	}).Draw(t, "name")
	value := rapid.SampledFrom([]string{
		"", "1", "-1", "a", "none", "owner", "participant", "submit", "cancel", "hag66@localhost", "localhost", "@", "coven@conference.localhost/a",
		"FORM_TYPE", "muc#role", "muc#request_allow", "muc#register_roomnick", "http://jabber.org/protocol/muc#roomconfig",
		"http://jabber.org/protocol/muc#request", "muc#roomconfig_maxusers", "x-roomuser-item", "urn:xmpp:hats:commands:create", strings.Repeat("x", 300),
	})
	attributes := ""
	for _, a := range []string{"jid", "nick", "role", "affiliation", "type", "var", "to", "id", "node", "action", "maxchars", "since", "from"} {
		if rapid.IntRange(0, 3).Draw(t, "has") == 0 {
			attributes += " " + a + "='" + value.Draw(t, a) + "'"
		}
	}
	content := value.Draw(t, "text")
	if depth < 3 {
		for range rapid.IntRange(0, 3).Draw(t, "children") {
			content += element(t, depth+1)
		}
	}
	local, _, _ := strings.Cut(name, " ")
	return "<" + name + attributes + ">" + content + "</" + local + ">"
}

// Whatever is sent to rooms, they answer each request once, and go on.
func TestAnythingGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.make("persistentroom", "1")
	stranger := w.Bind(t, hag)
	rapid.Check(t, func(t *rapid.T) {
		for _, c := range []*imtest.Client{owner, stranger} {
			to := rapid.SampledFrom([]string{"conference.localhost", "conference.localhost/x", room, room + "/firstwitch", room + "/a", "new@conference.localhost/a"}).Draw(t, "to")
			kind := rapid.SampledFrom([]string{"iq type='get'", "iq type='set'", "iq type='result'", "message", "message type='groupchat'", "message type='chat'", "message type='error'", "presence", "presence type='unavailable'", "presence type='error'"}).Draw(t, "kind")
			local, _, _ := strings.Cut(kind, " ")
			c.Got()
			c.Send("<" + kind + " id='any' to='" + to + "'>" + element(t, 0) + "</" + local + ">")
			got := strings.Join(c.Got(), "")
			if strings.HasPrefix(kind, "iq type='get'") || strings.HasPrefix(kind, "iq type='set'") {
				if n := strings.Count(got, "<iq xmlns='jabber:client' from='"+to+"' to='"+c.JID().String()+"' id='any' type="); n != 1 && !(strings.Contains(to, "@") && strings.Contains(to, "/")) { // occupants answer for themselves
					t.Errorf("%d answers to a request to %s: %s", n, to, got)
				}
			}
		}
	})
}
