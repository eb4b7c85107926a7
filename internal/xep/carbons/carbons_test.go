package carbons_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/internal/module"
	"parley/internal/xep/carbons"
	"parley/internal/xmpptest/imtest"
	"parley/internal/xmpptest/xmlmatch"
	"parley/stanza"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	romeo  = "romeo@localhost/garden"
	home   = "romeo@localhost/home"
	juliet = "juliet@localhost/balcony"
	body   = `<body>x</body>`
)

func world(t testing.TB) *imtest.World {
	t.Helper()
	w := imtest.New(t, imtest.Options{})
	w.Add(carbons.New())
	w.Account(t, "romeo@localhost", "juliet@localhost")
	return w
}

// enable asks for carbons.
func enable(c *imtest.Client) *imtest.Client {
	c.Ask(`<iq type='set' id='e'><enable xmlns='urn:xmpp:carbons:2'/></iq>`,
		`<iq type='result' id='e' from='`+c.JID().Bare().String()+`' to='`+c.JID().String()+`'/>`)
	return c
}

// pair are two available clients of Romeo; the second wants carbons.
func pair(t testing.TB, w *imtest.World) (first, second *imtest.Client) {
	t.Helper()
	first, second = w.Bind(t, romeo), w.Bind(t, home)
	for _, c := range []*imtest.Client{first, second} {
		c.Send(`<presence/>`)
	}
	enable2(second)
	first.Got()
	second.Got()
	return first, second
}

func enable2(c *imtest.Client) {
	c.Send(`<iq type='set' id='e'><enable xmlns='urn:xmpp:carbons:2'/></iq>`)
}

// kinds are the kinds of the messages that came: "received" or "sent" for a copy
// of one with that id, "plain" for the message itself.
func kinds(t testing.TB, got []string) string {
	t.Helper()
	var list []string
	for _, xml := range got {
		e, err := xmlmatch.Parse(xml)
		if err != nil {
			t.Fatal(err)
		}
		if e.Is(stanza.NSClient, "message") {
			list = append(list, kind(e))
		}
	}
	return strings.Join(list, " ")
}

func kind(e *stanza.Element) string {
	for _, k := range []string{"received", "sent"} {
		if c := e.Child(carbons.NS, k); c != nil {
			return k
		}
	}
	return "plain"
}

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

// TestCopies: XEP-0280 §7 and §8: what a copy looks like, with the id that the
// message has in the archive.
func TestCopies(t *testing.T) {
	t.Parallel()
	w := world(t)
	a, b := pair(t, w)
	c := enable(w.Bind(t, juliet))
	c.Send(`<presence/>`)
	c.Got()
	c.Send(`<message to='` + romeo + `' id='1' type='chat' xml:lang='it'><body>&lt;uno&gt;</body><x xmlns='urn:x' a='&apos;'/></message>`)
	a.Expect(`<message from='` + juliet + `' to='` + romeo + `' id='1' type='chat' xml:lang='it'><body>&lt;uno&gt;</body><x xmlns='urn:x' a='&apos;'/>` + sid("romeo@localhost") + `</message>`)
	b.Expect(`<message from='romeo@localhost' to='` + home + `' type='chat'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>` +
		`<message xmlns='jabber:client' from='` + juliet + `' to='` + romeo + `' id='1' type='chat' xml:lang='it'><body>&lt;uno&gt;</body><x xmlns='urn:x' a='&apos;'/>` + sid("romeo@localhost") + `</message>` +
		`</forwarded></received></message>`)
	a.Send(`<message to='juliet@localhost' id='2'><body>due</body></message>`)
	b.Expect(`<message from='romeo@localhost' to='` + home + `'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>` +
		`<message xmlns='jabber:client' from='` + romeo + `' to='juliet@localhost' id='2'><body>due</body>` + sid("romeo@localhost") + `</message>` +
		`</forwarded></sent></message>`)
	a.Expect()
}

func sid(by string) string { return `<stanza-id xmlns='urn:xmpp:sid:0' by='` + by + `' id='{any}'/>` }

// TestBareJID: who receives a message is sent no copy; one that does not, since
// its priority is negative, is (XEP-0280 §7).
func TestBareJID(t *testing.T) {
	t.Parallel()
	w := world(t)
	a, b := pair(t, w)
	c := w.Bind(t, "romeo@localhost/tower")
	enable2(c)
	c.Send(`<presence><priority>-1</priority></presence>`)
	for _, c := range []*imtest.Client{a, b, c} {
		c.Got()
	}
	w.Bind(t, juliet).Send(`<message to='romeo@localhost' type='chat'>` + body + `</message>`)
	for _, tt := range []struct {
		c    *imtest.Client
		want string
	}{{a, "plain"}, {b, "plain"}, {c, "received"}} {
		if got := kinds(t, tt.c.Got()); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.c.JID(), got, tt.want)
		}
	}
}

// TestNobodyReceives: what waits is copied to nobody, and reaches a client that
// becomes available as it is, once.
func TestNobodyReceives(t *testing.T) {
	t.Parallel()
	w := world(t)
	b := enable(w.Bind(t, home))
	w.Bind(t, juliet).Send(`<message to='romeo@localhost' type='chat'>` + body + `</message>`)
	b.Expect()
	b.Send(`<presence/>`)
	if got := kinds(t, b.Got()); got != "plain" {
		t.Errorf("got %q", got)
	}
}

// TestToMyself: a client that receives a message is not sent a copy of it as
// sent, and the one that has sent it none at all.
func TestToMyself(t *testing.T) {
	t.Parallel()
	w := world(t)
	a, b := pair(t, w)
	enable2(a)
	a.Got()
	a.Send(`<message to='romeo@localhost' type='chat'>` + body + `</message>`)
	if a, b := kinds(t, a.Got()), kinds(t, b.Got()); a != "plain" || b != "plain" {
		t.Errorf("to the bare JID: got %q and %q", a, b)
	}
	a.Send(`<message to='` + home + `' type='chat'>` + body + `</message>`)
	if a, b := kinds(t, a.Got()), kinds(t, b.Got()); a != "" || b != "plain" {
		t.Errorf("to the full JID: got %q and %q", a, b)
	}
}

// TestHasTheCopy: a client with a copy is not sent the message when the one that
// it was for ends without acknowledging it; one without is.
func TestHasTheCopy(t *testing.T) {
	t.Parallel()
	w := world(t)
	a, b := pair(t, w)
	c := w.Bind(t, "romeo@localhost/tower")
	c.Send(`<presence/>`)
	w.Bind(t, juliet).Send(`<message to='` + romeo + `' type='chat'>` + body + `</message>`)
	for _, c := range []*imtest.Client{a, b, c} {
		c.Got()
	}
	a.Break()
	w.Offline.Wait()
	if got := kinds(t, b.Got()); got != "" {
		t.Errorf("with a copy: got %q", got)
	}
	if got := kinds(t, c.Got()); got != "plain" {
		t.Errorf("without: got %q", got)
	}
}

// TestLostCopy is §10.3: nobody hears of a copy that did not arrive, and it goes
// to nobody else.
func TestLostCopy(t *testing.T) {
	t.Parallel()
	w := world(t)
	a, b := pair(t, w)
	c := w.Bind(t, juliet)
	c.Send(`<message to='` + romeo + `' type='chat' id='1'>` + body + `</message>`)
	a.Got()
	a.Alive()
	b.Break()
	c.Expect()
	if got := kinds(t, a.Got()); got != "" {
		t.Errorf("the other client got %q", got)
	}
}

// TestSwitch: XEP-0280 §4, §5 and §10.1.
func TestSwitch(t *testing.T) {
	t.Parallel()
	w := world(t)
	a, b := pair(t, w)
	c := w.Bind(t, juliet)
	for _, tt := range []struct{ request, want string }{
		{"enable", "received"}, {"disable", ""}, {"disable", ""}, {"enable", "received"}, {"enable", "received"},
	} {
		b.Ask(`<iq type='set' id='s'><`+tt.request+` xmlns='urn:xmpp:carbons:2'/></iq>`, `<iq type='result' id='s' from='romeo@localhost' to='`+home+`'/>`)
		c.Send(`<message to='` + romeo + `' type='chat'>` + body + `</message>`)
		if got := kinds(t, b.Got()); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.request, got, tt.want)
		}
	}
	a.Got()
	for _, request := range []string{"enable", "disable"} { // §4.1, §5.1
		c.Ask(`<iq type='set' id='s' to='romeo@localhost'><`+request+` xmlns='urn:xmpp:carbons:2'/></iq>`,
			`<iq type='error' id='s' from='romeo@localhost' to='`+juliet+`'><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
	}
}

// TestInline is XEP-0386 §4.
func TestInline(t *testing.T) {
	t.Parallel()
	w := world(t)
	m := carbons.New()
	r := module.NewRegistrar(w.Router)
	m.Register(r)
	s := w.Bind(t, romeo)
	for _, tt := range []struct {
		request *stanza.Element
		want    bool
	}{{nil, false}, {stanza.New(carbons.NS, "disable"), false}, {stanza.New(carbons.NS, "enable"), true}} {
		if e := r.InlineFeature(carbons.NS)(t.Context(), s.Session, tt.request); e != nil || m.Enabled(s.Session) != tt.want {
			t.Errorf("%v: got %v, enabled %t, want %t", tt.request, e, m.Enabled(s.Session), tt.want)
		}
	}
}

// TestAnnounced: XEP-0280 §3, §6.2.
func TestAnnounced(t *testing.T) {
	t.Parallel()
	w := world(t)
	for _, ns := range []string{carbons.NS, carbons.NSRules} {
		if !slices.Contains(w.Router.AnnouncedFeatures(module.ToServer), ns) {
			t.Errorf("the server does not announce %s", ns)
		}
	}
}

// TestRestart: who wanted copies gets them after a restart of the server.
func TestRestart(t *testing.T) {
	t.Parallel()
	m := carbons.New()
	w := imtest.New(t, imtest.Options{})
	w.Add(m)
	w.Account(t, "romeo@localhost")
	before, after := enable(w.Bind(t, romeo)), w.Bind(t, home)
	for _, v := range w.Router.SavedValues() {
		if v.Name == carbons.NS {
			v.Load(after.Session, v.Save(before.Session))
		}
	}
	if !m.Enabled(after.Session) {
		t.Error("carbons are not enabled")
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

// TestErrors: an error is copied if it answers a message that was copied
// (XEP-0280 §6.1), which is known of the last messages of a session.
func TestErrors(t *testing.T) {
	t.Parallel()
	const peer = "mercutio@verona.example"
	for name, tt := range map[string]struct {
		more int
		want string
	}{
		"of the last ones":       {carbons.Remembered - 1, "received"},
		"of one before the last": {carbons.Remembered, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world(t)
			other := w.Remote(t)
			a, b := pair(t, w)
			for i := range 1 + tt.more {
				a.Send(fmt.Sprintf(`<message to='%s' type='chat' id='%d'>%s</message>`, peer, i, body))
			}
			b.Got()
			other.Send(peer+"/lane", `<message to='`+romeo+`' type='error' id='0'><private xmlns='urn:xmpp:carbons:2'/><error type='cancel'/></message>`)
			if got := kinds(t, b.Got()); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			other.Send("tybalt@capulet.example", `<message to='`+romeo+`' type='error' id='0'/>`)
			if got := kinds(t, b.Got()); got != "" {
				t.Errorf("an error from another: got %q", got)
			}
		})
	}
}

// TestErrorsSent: what a client answers with an error to what it received goes
// to the others.
func TestErrorsSent(t *testing.T) {
	t.Parallel()
	const peer = "mercutio@verona.example/lane"
	w := world(t)
	other := w.Remote(t)
	a, b := pair(t, w)
	for id, payload := range map[string]string{"1": body, "2": body + `<private xmlns='urn:xmpp:carbons:2'/>`} {
		other.Send(peer, `<message to='`+romeo+`' type='chat' id='`+id+`'>`+payload+`</message>`)
		b.Got()
		a.Send(`<message to='` + peer + `' type='error' id='` + id + `'><error type='cancel'/></message>`)
		if got, want := kinds(t, b.Got()), map[string]string{"1": "sent"}[id]; got != want {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
}

// TestBounce: the error of the server itself is copied like another's.
func TestBounce(t *testing.T) {
	t.Parallel()
	w := world(t)
	a, b := pair(t, w)
	a.Send(`<message to='nobody@localhost' type='chat' id='1'>` + body + `</message>`)
	if got := kinds(t, b.Got()); got != "sent received" {
		t.Errorf("got %q", got)
	}
}
