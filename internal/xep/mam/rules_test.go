package mam

import (
	"testing"

	"parley/internal/module"
	"parley/stanza"
)

func parsed(t testing.TB, typ, payload string) *module.Stanza {
	t.Helper()
	st := &module.Stanza{Kind: stanza.Message, Type: typ, Payload: []byte(payload)}
	var err error
	if st.Children, err = stanza.ScanPayload(st.Payload, nil); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	return st
}

// TestJudge: XEP-0313 §5.1.1, XEP-0160 §3, XEP-0334 §4.
func TestJudge(t *testing.T) {
	t.Parallel()
	const (
		body    = "<body>Wherefore art thou?</body>"
		state   = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
		store   = "<store xmlns='urn:xmpp:hints'/>"
		noStore = "<no-store xmlns='urn:xmpp:hints'/>"
		noPerm  = "<no-permanent-store xmlns='urn:xmpp:hints'/>"
		noCopy  = "<no-copy xmlns='urn:xmpp:hints'/>"
		origin  = "<origin-id xmlns='urn:xmpp:sid:0' id='1'/>"
	)
	cases := map[string]struct {
		typ, payload string
		want         verdict
	}{
		"chat":                        {"chat", body, lasting},
		"normal":                      {"normal", body, lasting},
		"no type":                     {"", body, lasting},
		"unknown type":                {"gossip", body, lasting},
		"headline":                    {"headline", body + store, passing},
		"groupchat":                   {"groupchat", body, passing},
		"error":                       {"error", body + store, passing},
		"subject":                     {"normal", "<subject>x</subject>", lasting},
		"nothing":                     {"chat", "", worthless},
		"text only":                   {"chat", "x", worthless},
		"thread":                      {"chat", "<thread>x</thread>", worthless},
		"chat state":                  {"chat", state + "<thread>x</thread>" + origin, worthless},
		"chat state with body":        {"chat", state + body, lasting},
		"chat state, no-store":        {"chat", state + noStore, worthless},
		"chat state, store":           {"chat", state + store, lasting},
		"hint only":                   {"chat", noCopy, worthless},
		"no-store":                    {"chat", body + noStore, passing},
		"no-store and store":          {"chat", store + body + noStore, passing},
		"no-permanent-store":          {"chat", body + noPerm, waiting},
		"no-permanent-store first":    {"chat", noPerm + body, waiting},
		"both":                        {"chat", body + noPerm + noStore, passing},
		"no-copy":                     {"chat", body + noCopy, lasting},
		"receipt":                     {"chat", "<received xmlns='urn:xmpp:receipts' id='1'/>", lasting},
		"receipt request":             {"chat", "<request xmlns='urn:xmpp:receipts'/>", waiting},
		"marker":                      {"chat", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", lasting},
		"markable":                    {"chat", "<markable xmlns='urn:xmpp:chat-markers:0'/>", waiting},
		"correction":                  {"chat", "<replace xmlns='urn:xmpp:message-correct:0' id='1'/>" + body, lasting},
		"retraction":                  {"chat", "<retract xmlns='urn:xmpp:message-retract:1' id='1'/>", lasting},
		"moderation":                  {"chat", "<moderate xmlns='urn:xmpp:message-moderate:1'/>", lasting},
		"reaction":                    {"chat", "<reactions xmlns='urn:xmpp:reactions:0' id='1'/>", lasting},
		"reply":                       {"chat", "<reply xmlns='urn:xmpp:reply:0' id='1'/>" + body, lasting},
		"call":                        {"chat", "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", lasting},
		"invitation":                  {"normal", "<x xmlns='jabber:x:conference' jid='a@b'/>", lasting},
		"mediated invitation":         {"normal", "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b'/></x>", lasting},
		"other notice of a room":      {"normal", "<x xmlns='http://jabber.org/protocol/muc#user'><status code='101'/></x>", waiting},
		"OMEMO":                       {"chat", "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/></encrypted>", lasting},
		"OpenPGP":                     {"chat", "<openpgp xmlns='urn:xmpp:openpgp:0'>x</openpgp>", lasting},
		"publication":                 {"", "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='x'/></event>", waiting},
		"unknown":                     {"chat", "<x xmlns='urn:x'/>", waiting},
		"unknown, store":              {"chat", "<x xmlns='urn:x'/>" + store, lasting},
		"unknown, no-store":           {"chat", "<x xmlns='urn:x'/>" + noStore, passing},
		"unknown in jabber:client":    {"chat", "<x/>", waiting},
		"body in another namespace":   {"chat", "<body xmlns='http://www.w3.org/1999/xhtml'/>", waiting},
		"hint inside another element": {"chat", body + "<x xmlns='urn:x'>" + noStore + "</x>", lasting},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := judge(parsed(t, c.typ, c.payload)); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// TestJudgeCost: judging a plain message allocates nothing.
func TestJudgeCost(t *testing.T) {
	st := parsed(t, "chat", "<body>x</body><request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>")
	if n := testing.AllocsPerRun(100, func() { judge(st) }); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}
