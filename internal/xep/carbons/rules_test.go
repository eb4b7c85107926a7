package carbons_test

import (
	"strings"
	"testing"

	"parley/internal/xep/carbons"
)

// TestRules is XEP-0280 §6.1, §9 and XEP-0334 §4.3: what is copied, of what is
// sent to and by a full JID.
func TestRules(t *testing.T) {
	t.Parallel()
	muc := func(content string) string {
		return `<x xmlns='http://jabber.org/protocol/muc#user'>` + content + `</x>`
	}
	const occupant, room = "room@rooms.example/nick", "room@rooms.example"
	tests := map[string]struct {
		typ, peer, payload string
		received, sent     bool
	}{
		"chat":                       {"chat", "", body, true, true},
		"chat, nothing":              {"chat", "", ``, true, true},
		"chat, private":              {"chat", "", body + `<private xmlns='urn:xmpp:carbons:2'/>`, false, false},
		"chat, no-copy":              {"chat", "", body + `<no-copy xmlns='urn:xmpp:hints'/>`, false, false},
		"chat, no-store":             {"chat", "", body + `<no-store xmlns='urn:xmpp:hints'/>`, true, true},
		"normal with a body":         {"normal", "", body, true, true},
		"no type, with a body":       {"", "", body, true, true},
		"unknown type with a body":   {"of-the-future", "", body, true, true},
		"normal without a body":      {"normal", "", `<x xmlns='urn:x'/>`, false, false},
		"a body elsewhere":           {"normal", "", `<body xmlns='urn:x'/>`, false, false},
		"receipt":                    {"normal", "", `<received xmlns='urn:xmpp:receipts' id='1'/>`, true, true},
		"chat state":                 {"", "", `<composing xmlns='http://jabber.org/protocol/chatstates'/>`, true, true},
		"chat marker":                {"normal", "", `<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>`, true, true},
		"headline":                   {"headline", "", body, false, false},
		"groupchat":                  {"groupchat", room, body, false, false},
		"groupchat, chat state":      {"groupchat", room, `<active xmlns='http://jabber.org/protocol/chatstates'/>`, false, false},
		"direct invitation":          {"", "", `<x xmlns='jabber:x:conference' jid='r@rooms.example'/>`, true, true},
		"mediated invitation":        {"", room, muc(`<invite from='crone@example'/>`), true, true},
		"invitation by an occupant":  {"", occupant, muc(`<invite to='crone@example'/>`), true, true},
		"private message":            {"chat", occupant, body + muc(``), false, true},
		"private message, no type":   {"", occupant, body + muc(``), false, true},
		"notice of a room":           {"", room, muc(`<status code='101'/>`), false, false},
		"room says something":        {"", room, body + muc(``), true, true},
		"private message, marked":    {"chat", occupant, body + muc(``) + `<private xmlns='urn:xmpp:carbons:2'/>`, false, false},
		"error that answers nothing": {"error", "", body, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world(t)
			other := w.Remote(t)
			a, b := pair(t, w)
			peer, typ := "mercutio@verona.example/lane", ""
			if tt.peer != "" {
				peer = tt.peer
			}
			if tt.typ != "" {
				typ = ` type='` + tt.typ + `'`
			}
			other.Send(peer, `<message to='`+romeo+`' id='1'`+typ+`>`+tt.payload+`</message>`)
			if got, want := kinds(t, b.Got()), map[bool]string{true: "received"}[tt.received]; got != want {
				t.Errorf("received: got %q, want %q", got, want)
			}
			if got := kinds(t, a.Got()); got != "plain" {
				t.Errorf("the addressed client got %q", got)
			}
			a.Send(`<message to='` + peer + `' id='2'` + typ + `>` + tt.payload + `</message>`)
			if got, want := kinds(t, b.Got()), map[bool]string{true: "sent"}[tt.sent]; got != want {
				t.Errorf("sent: got %q, want %q", got, want)
			}
			a.Expect()
		})
	}
}

// TestForged is §11: copies that others made up do not pass, from wherever they
// come and however many there are.
func TestForged(t *testing.T) {
	t.Parallel()
	const forged = `<received xmlns='urn:xmpp:carbons:2'/>` + body + `<sent xmlns='urn:xmpp:carbons:2'><x/></sent><received xmlns='urn:xmpp:carbons:2'/>`
	w := world(t)
	other := w.Remote(t)
	a, b := pair(t, w)
	send := map[string]func(){
		"elsewhere": func() {
			other.Send("tybalt@capulet.example/home", `<message to='`+romeo+`' type='chat'>`+forged+`</message>`)
		},
		"here":   func() { w.Bind(t, juliet).Send(`<message to='` + romeo + `' type='chat'>` + forged + `</message>`) },
		"myself": func() { b.Send(`<message to='` + romeo + `' type='chat'>` + forged + `</message>`) },
	}
	for name, f := range send {
		f()
		for _, xml := range a.Got() {
			if strings.Contains(xml, carbons.NS) || !strings.Contains(xml, body) {
				t.Errorf("%s: got %s", name, xml)
			}
		}
		for _, xml := range b.Got() {
			if strings.Count(xml, carbons.NS) != 1 {
				t.Errorf("%s: the copy is %s", name, xml)
			}
		}
	}
}
