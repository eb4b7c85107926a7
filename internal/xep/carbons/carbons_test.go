package carbons_test

import (
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
	want(second)
	first.Got()
	second.Got()
	return first, second
}

func want(c *imtest.Client) {
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
	want(c)
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
	want(a)
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
