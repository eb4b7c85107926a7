package mam_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/session"
	"parley/internal/xep/mam"
	"parley/internal/xmpptest/imtest"
)

// TestBothSides: a message has one row in the archive of each side, under the
// id that the recipient was told (XEP-0313 §3.4); the sender's client is not told
// the recipient's.
func TestBothSides(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a, b := w.Bind(t, romeo), w.online(t, juliet)
	a.Send(`<message to='juliet@localhost' type='chat' id='1' xml:lang='en'><body>x &amp; y</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/><x xmlns='urn:x'/></message>`)
	got := b.Next()
	ids := stanzaIDs(got)
	if len(ids) != 1 || ids["juliet@localhost"] == "" {
		t.Fatalf("stanza-ids: %v in %s", ids, got)
	}
	for _, side := range []struct {
		account, peer, resource string
		outgoing                bool
	}{{"romeo@localhost", "juliet@localhost", "", true}, {"juliet@localhost", "romeo@localhost", "orchard", false}} {
		rows := w.archive(t, side.account)
		if len(rows) != 1 {
			t.Fatalf("%s has %d rows", side.account, len(rows))
		}
		m := rows[0]
		if fmt.Sprint(m.ID) != ids["juliet@localhost"] || m.Peer != side.peer || m.PeerResource != side.resource || m.Outgoing != side.outgoing {
			t.Errorf("%s: got %+v", side.account, m)
		}
		if m.From != romeo || m.To != "juliet@localhost" || m.StanzaID != "1" || m.Type != "chat" || m.Lang != "en" ||
			string(m.Payload) != `<body>x &amp; y</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/><x xmlns='urn:x'/>` {
			t.Errorf("%s: got %+v %s", side.account, m, m.Payload)
		}
	}
	if n := len(w.waiting(t, "romeo@localhost")); n != 0 {
		t.Errorf("%d rows wait for the sender", n)
	}
	if n := len(w.waiting(t, "juliet@localhost")); n != 1 {
		t.Errorf("%d rows wait for a client that was not heard of", n)
	}
}

// TestArchivedTold: the features that copy a message learn its id on both sides.
func TestArchivedTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	var sent, copied string
	w.Router.Hooks.MessageFromClient.Add(module.StageCopy, func(_ context.Context, ev *module.Event) error { sent = ev.Archived; return nil })
	w.Router.Hooks.MessageCopy.Add(module.StageCopy, func(_ context.Context, ev *module.Event) error { copied = ev.Archived; return nil })
	a := w.Bind(t, romeo)
	for xml, stored := range map[string]bool{
		`<message to='juliet@localhost'><body>x</body></message>`:                                             true,
		`<message to='romeo@localhost'><body>x</body></message>`:                                              true,
		`<message to='juliet@localhost'><body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/></message>`: false,
	} {
		sent, copied = "?", "?"
		a.Send(xml)
		if stored != (sent != "" && sent != "?") || sent != copied {
			t.Errorf("%s: got %q and %q", xml, sent, copied)
		}
	}
}

// TestNotes: a message to oneself has one row, whatever the resource.
func TestNotes(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"romeo@localhost", "romeo@localhost/b"} {
		w := newWorld(t, mam.Options{})
		a, b := w.Bind(t, romeo), w.online(t, "romeo@localhost/b")
		a.Send(`<message to='` + to + `' type='chat'><body>x</body></message>`)
		ids := stanzaIDs(b.Next())
		rows := w.archive(t, "romeo@localhost")
		if len(rows) != 1 || rows[0].Peer != "romeo@localhost" || fmt.Sprint(rows[0].ID) != ids["romeo@localhost"] {
			t.Errorf("to %s: got %+v, live copy has %v", to, rows, ids)
		}
	}
}

// TestRemote: what is sent to other domains is archived, and what comes from
// there; a stanza-id that claims to be the recipient's is taken out, others stay
// (XEP-0359 §4).
func TestRemote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a := w.online(t, romeo)
	a.Send(`<message to='bob@example.org/r' id='1'><body>x</body></message>`)
	a.Expect(`<message from='bob@example.org/r' to='` + romeo + `' id='1' type='error'>{any}</message>`)
	if rows := w.archive(t, "romeo@localhost"); len(rows) != 1 || rows[0].Peer != "bob@example.org" || rows[0].PeerResource != "r" {
		t.Errorf("got %+v", rows)
	}
	const foreign = `<stanza-id xmlns='urn:xmpp:sid:0' id='5' by='bob@example.org'/>`
	w.Router.Route(t.Context(), imtest.Stanza(t, jid.MustParse("bob@example.org/r"),
		`<message to='romeo@localhost'><stanza-id xmlns='urn:xmpp:sid:0' id='7' by='Romeo@LOCALHOST'/><body>y</body>`+foreign+`</message>`))
	rows := w.archive(t, "romeo@localhost")
	if len(rows) != 2 || string(rows[1].Payload) != "<body>y</body>"+foreign {
		t.Fatalf("got %+v", rows)
	}
	if ids := stanzaIDs(a.Next()); len(ids) != 2 || ids["bob@example.org"] != "5" || ids["romeo@localhost"] != fmt.Sprint(rows[1].ID) {
		t.Errorf("got stanza-ids %v", ids)
	}
}

// TestForgedEverywhere: whoever a client claims to be, only the recipient's
// archive has given the one id (XEP-0359 §4).
func TestForgedEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a, b := w.Bind(t, romeo), w.online(t, juliet)
	var forged strings.Builder
	for _, by := range []string{"localhost", "juliet@localhost", "romeo@localhost", "JULIET@localhost/x", "nobody@localhost"} {
		fmt.Fprintf(&forged, "<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='%s'/>", by)
	}
	a.Send(`<message to='juliet@localhost/balcony'>` + forged.String() + `<body>x</body>` + forged.String() + `</message>`)
	rows := w.archive(t, "juliet@localhost")
	got := b.Next()
	if ids := stanzaIDs(got); strings.Count(got, "<stanza-id") != 1 || len(rows) != 1 || ids["juliet@localhost"] != fmt.Sprint(rows[0].ID) {
		t.Errorf("got %s", got)
	}
}

// TestNotListed: what the archive must not have waits all the same, if its
// sender is told what was stored, and carries no stanza-id; what is not stored
// is only sent.
func TestNotListed(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		payload string
		waits   int
	}{
		"no-permanent-store": {"<body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/>", 1},
		"unknown":            {"<x xmlns='urn:x'/>", 1},
		"no-store":           {"<body>x</body><no-store xmlns='urn:xmpp:hints'/>", 0},
		"chat state":         {"<active xmlns='http://jabber.org/protocol/chatstates'/>", 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mam.Options{})
			a, b := w.Bind(t, romeo), w.online(t, juliet)
			a.Manage(session.Management{}, nil)
			a.Send(`<message to='juliet@localhost' type='chat'>` + c.payload + `</message>`)
			b.Expect(`<message from='` + romeo + `' to='juliet@localhost' type='chat'>` + c.payload + `</message>`)
			if n := len(w.archive(t, "juliet@localhost")) + len(w.archive(t, "romeo@localhost")); n != 0 {
				t.Errorf("%d rows are listed", n)
			}
			if n := len(w.waiting(t, "juliet@localhost")); n != c.waits {
				t.Errorf("%d rows wait, want %d", n, c.waits)
			}
		})
	}
}

// TestNobodyThere: XEP-0160 §3, RFC 6121 §8.5.1 and §8.5.2.2.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	const refused = `<message id='1' type='error' from='%s' to='` + romeo + `'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`
	cases := map[string]struct {
		to, payload string
		refused     bool
		waits       int
	}{
		"chat":               {"juliet@localhost", "<body>x</body>", false, 1},
		"chat state":         {"juliet@localhost", "<active xmlns='http://jabber.org/protocol/chatstates'/>", false, 0},
		"no-store":           {"juliet@localhost", "<body>x</body><no-store xmlns='urn:xmpp:hints'/>", true, 0},
		"no-permanent-store": {"juliet@localhost", "<body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/>", false, 1},
		"no such account":    {"nobody@localhost", "<body>x</body>", true, 0},
		"no such resource":   {"juliet@localhost/gone", "<body>x</body>", false, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mam.Options{})
			a := w.Bind(t, romeo)
			w.send(t, a, `<message to='`+c.to+`' type='chat' id='1'>`+c.payload+`</message>`)
			if c.refused {
				a.Expect(fmt.Sprintf(refused, c.to))
			}
			nothing(t, a)
			if n := len(w.waiting(t, "juliet@localhost")); n != c.waits {
				t.Errorf("%d rows wait, want %d", n, c.waits)
			}
		})
	}
}

// TestTooMuchWaits: XEP-0160 §3, at the limit and above; a recipient who is there
// gets more all the same.
func TestTooMuchWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{MaxUndelivered: 2})
	a := w.Bind(t, romeo)
	for i := range 3 {
		w.send(t, a, fmt.Sprintf(`<message to='juliet@localhost' id='%d'><body>x</body></message>`, i))
	}
	a.Expect(`<message id='2' type='error' from='juliet@localhost' to='` + romeo + `'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`)
	w.online(t, juliet)
	w.send(t, a, `<message to='juliet@localhost' id='3'><body>x</body></message>`)
	nothing(t, a)
	if n := len(w.waiting(t, "juliet@localhost")); n != 3 {
		t.Errorf("%d rows wait, want 3", n)
	}
}
