package offline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/jid"
	"parley/internal/xep/offline"
	"parley/internal/xmpptest/imtest"
	"parley/internal/xmpptest/xmlmatch"
	"parley/stanza"
)

const (
	romeo  = "romeo@localhost/orchard"
	juliet = "juliet@localhost/balcony"
	delay  = `<delay xmlns='urn:xmpp:delay' from='localhost' stamp='{any}Z'/>`
)

func world(t testing.TB, opts offline.Options) *imtest.World {
	t.Helper()
	w := imtest.New(t, imtest.Options{Offline: opts})
	w.Account(t, "romeo@localhost", "juliet@localhost")
	return w
}

// online binds a session and makes it available; what it is sent meanwhile is
// left for the caller, without its own presence.
func online(t testing.TB, w *imtest.World, full string) (*imtest.Client, []string) {
	t.Helper()
	c := w.Bind(t, full)
	c.Send(`<presence/>`)
	got := c.Got()
	if len(got) == 0 || !strings.HasPrefix(got[0], "<presence") {
		t.Fatalf("got %s, want the own presence first", got)
	}
	return c, got[1:]
}

func stored(t testing.TB, w *imtest.World, account string) int {
	t.Helper()
	list, err := w.Store.Offline(t.Context(), account, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func chat(n int) string {
	return fmt.Sprintf(`<message to='juliet@localhost' type='chat' id='%d'><body>%d</body></message>`, n, n)
}

// ids are the ids of the messages among what a client got.
func ids(t testing.TB, got []string) []string {
	t.Helper()
	var list []string
	for _, xml := range got {
		e, err := xmlmatch.Parse(xml)
		if err != nil {
			t.Fatal(err)
		}
		if e.Is(stanza.NSClient, "message") {
			list = append(list, e.Attr("id"))
		}
	}
	return list
}

// TestKeptAndDelivered is XEP-0160 §2: a message comes as it was sent, with the
// time it was kept, in order, and once.
func TestKeptAndDelivered(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	before := time.Now().Truncate(time.Millisecond)
	a.Ask(`<message to='juliet@localhost' type='chat' id='m1' xml:lang='en'><body>O blessed, &lt;blessed&gt; night!</body><x xmlns='urn:x'><y z='1'/></x></message>`)
	a.Ask(`<message to='juliet@localhost/balcony' type='chat' id='m2'><body>to a resource</body><delay xmlns='urn:xmpp:delay' from='elsewhere' stamp='2002-09-10T23:08:25Z'/></message>`)
	a.Ask(`<message to='juliet@localhost' id='m3'><body>normal</body></message>`)

	b, got := online(t, w, juliet)
	want := []string{
		`<message from='` + romeo + `' to='juliet@localhost' type='chat' id='m1' xml:lang='en'><body>O blessed, &lt;blessed&gt; night!</body><x xmlns='urn:x'><y z='1'/></x>` + delay + `</message>`,
		`<message from='` + romeo + `' to='juliet@localhost/balcony' type='chat' id='m2'><body>to a resource</body><delay xmlns='urn:xmpp:delay' from='elsewhere' stamp='2002-09-10T23:08:25Z'/>` + delay + `</message>`,
		`<message from='` + romeo + `' to='juliet@localhost' id='m3'><body>normal</body>` + delay + `</message>`,
	}
	if len(got) != len(want) {
		t.Fatalf("got %s", got)
	}
	for i := range want {
		if err := xmlmatch.Match(want[i], got[i]); err != nil {
			t.Errorf("%v\n got: %s", err, got[i])
		}
	}
	e, _ := xmlmatch.Parse(got[0])
	at, err := time.Parse(time.RFC3339Nano, e.Child(offline.NSDelay, "delay").Attr("stamp"))
	if err != nil || at.Before(before) || at.After(time.Now()) {
		t.Errorf("stamp %v (%v), want it between %v and now", at, err, before)
	}

	if n := stored(t, w, "juliet@localhost"); n != 3 {
		t.Errorf("%d rows before the client was heard of, want 3", n)
	}
	b.Close() // in order: all was read
	w.Offline.Wait()
	if n := stored(t, w, "juliet@localhost"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if _, again := online(t, w, juliet); len(again) != 0 {
		t.Errorf("delivered again: %s", again)
	}
}

// TestWhatIsKept: XEP-0160 §3, XEP-0334, RFC 6121 §8.5.2.2.1.
func TestWhatIsKept(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	const (
		body   = `<body>x</body>`
		state  = `<composing xmlns='http://jabber.org/protocol/chatstates'/>`
		thread = `<thread>t</thread>`
	)
	hint := func(name string) string { return `<` + name + ` xmlns='urn:xmpp:hints'/>` }
	tests := map[string]struct {
		typ, payload  string
		kept, refused bool
	}{
		"chat":                     {"chat", body, true, false},
		"normal":                   {"normal", body, true, false},
		"no type":                  {"", body, true, false},
		"headline":                 {"headline", body, false, false},
		"groupchat":                {"groupchat", body, false, true},
		"error":                    {"error", body, false, false},
		"chat state":               {"chat", state, false, false},
		"chat state, thread, hint": {"chat", state + thread + hint("no-copy"), false, false},
		"chat state and body":      {"chat", body + state, true, false},
		"nothing":                  {"chat", ``, false, false},
		"receipt":                  {"", `<received xmlns='urn:xmpp:receipts' id='1'/>`, true, false},
		"no-store":                 {"chat", body + hint("no-store"), false, true},
		"no-store chat state":      {"chat", state + hint("no-store"), false, false},
		"no-permanent-store":       {"chat", body + hint("no-permanent-store"), true, false},
		"store":                    {"chat", state + hint("store"), true, false},
		"body elsewhere":           {"chat", `<body xmlns='urn:x'/>`, true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			was := stored(t, w, "juliet@localhost")
			attr := ""
			if tt.typ != "" {
				attr = ` type='` + tt.typ + `'`
			}
			a.Send(`<message to='juliet@localhost' id='n'` + attr + `>` + tt.payload + `</message>`)
			if tt.refused {
				a.Expect(unavailable("n"))
			} else {
				a.Expect()
			}
			if kept := stored(t, w, "juliet@localhost")-was == 1; kept != tt.kept {
				t.Errorf("kept: got %t, want %t", kept, tt.kept)
			}
		})
	}
}

func unavailable(id string) string {
	return `<message from='juliet@localhost' to='` + romeo + `' id='` + id + `' type='error'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`
}

// TestFull: beyond the limit the sender is told (XEP-0160 §2).
func TestFull(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{MaxMessages: 3})
	a := w.Bind(t, romeo)
	for i := range 3 {
		a.Ask(chat(i))
	}
	a.Ask(chat(3), unavailable("3"))
	b, got := online(t, w, juliet)
	if len(got) != 3 {
		t.Errorf("got %d messages, want 3", len(got))
	}
	b.Close()
	w.Offline.Wait()
	a.Ask(chat(4))
}

// TestPriority: only a session with a non-negative priority gets messages.
func TestPriority(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	w.Bind(t, romeo).Send(chat(1))
	b := w.Bind(t, juliet)
	b.Send(`<presence><priority>-1</priority></presence>`)
	if got := ids(t, b.Got()); len(got) != 0 {
		t.Errorf("got %s at priority -1", got)
	}
	b.Send(`<presence><priority>0</priority></presence>`)
	if got := ids(t, b.Got()); len(got) != 1 {
		t.Errorf("got %s at priority 0", got)
	}
}

// TestMany: more than a page and more than a window arrive in order; each part
// waits until the one before is known to have arrived.
func TestMany(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{Window: 4000})
	w.HeldBytes = 1000 // the session asks for a sign of life, and gets it
	a := w.Bind(t, romeo)
	const n = 250
	for i := range n {
		a.Send(chat(i))
	}
	b := w.Bind(t, juliet)
	b.Send(`<presence/>`)
	got := ids(t, b.Await(n+1))
	for i := range n {
		if got[i] != fmt.Sprint(i) {
			t.Fatalf("message %d is %s", i, got[i])
		}
	}
	b.Close()
	w.Offline.Wait()
	if left := stored(t, w, "juliet@localhost"); left != 0 {
		t.Errorf("%d rows are left", left)
	}
}

// TestLost: what a session that broke did not confirm comes again, to the next
// one; nothing comes twice to one that confirmed.
func TestLost(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	a.Send(chat(1))
	b, got := online(t, w, juliet)
	if len(got) != 1 {
		t.Fatalf("got %s", got)
	}
	b.Break()
	w.Offline.Wait()
	c, got := online(t, w, "juliet@localhost/chamber")
	if len(got) != 1 {
		t.Fatalf("got %s after the first session broke", got)
	}
	c.Alive() // heard of: it has arrived
	c.Break()
	w.Offline.Wait()
	if _, got := online(t, w, juliet); len(got) != 0 {
		t.Errorf("got %s again", got)
	}
}

// TestTwoAtOnce: two sessions that come online get each message once between
// them; if the one that has them breaks, the other gets them.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	for i := range 5 {
		a.Send(chat(i))
	}
	b, first := online(t, w, juliet)
	c, second := online(t, w, "juliet@localhost/chamber")
	if len(ids(t, first)) != 5 || len(ids(t, second)) != 0 {
		t.Fatalf("got %s and %s", first, second)
	}
	c.Got()
	b.Break()
	if got := ids(t, c.Await(6)); len(got) != 5 { // and the first one's presence
		t.Errorf("the other session got %s", got)
	}
}

// TestComesWhileEmptied: a message that is stored while a session is being
// served, because the router had looked before, is not left behind.
func TestComesWhileEmptied(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	a.Send(chat(1))
	b, _ := online(t, w, juliet)
	st := imtest.Stanza(t, jid.MustParse(romeo), chat(2))
	ev := w.OfflineEvent(st)
	for _, p := range ev.Pending() {
		<-p.Done()
	}
	b.Alive()
	if got := ids(t, b.Await(1)); len(got) != 1 || got[0] != "2" {
		t.Errorf("got %s", got)
	}
}
