package offline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/xep/mam"
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
	return worldOf(t, imtest.Options{Offline: opts})
}

func worldOf(t testing.TB, opts imtest.Options) *imtest.World {
	t.Helper()
	w := imtest.New(t, opts)
	w.Account(t, "romeo@localhost", "juliet@localhost")
	return w
}

// sid matches the stanza-id of what the archive has.
const sid = `<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@localhost' id='{any}'/>`

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
	n, err := w.Store.CountUndelivered(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return n
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
		`<message from='` + romeo + `' to='juliet@localhost' type='chat' id='m1' xml:lang='en'><body>O blessed, &lt;blessed&gt; night!</body><x xmlns='urn:x'><y z='1'/></x>` + sid + delay + `</message>`,
		`<message from='` + romeo + `' to='juliet@localhost/balcony' type='chat' id='m2'><body>to a resource</body><delay xmlns='urn:xmpp:delay' from='elsewhere' stamp='2002-09-10T23:08:25Z'/>` + sid + delay + `</message>`,
		`<message from='` + romeo + `' to='juliet@localhost' id='m3'><body>normal</body>` + sid + delay + `</message>`,
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

func unavailable(id string) string {
	return `<message from='juliet@localhost' to='` + romeo + `' id='` + id + `' type='error'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`
}

// TestFull: beyond the limit the sender is told (XEP-0160 §2).
func TestFull(t *testing.T) {
	t.Parallel()
	w := worldOf(t, imtest.Options{Archive: mam.Options{MaxUndelivered: 3}})
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

// TestTwoAtOnce: what one session was sent and has not confirmed, over a
// connection that says nothing of what arrives, another does not get while that
// one is there.
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
	a.SendStanza(imtest.Stanza(t, a.JID(), "<message to='"+juliet+"' type='chat' id='5'><body>5</body></message>"))
	d, third := online(t, w, "juliet@localhost/garden")
	if len(ids(t, third)) != 0 {
		t.Errorf("got %s, which was for another", third)
	}
	c.Got()
	d.Got()
	b.Break()
	w.Offline.Wait()
	got := append(ids(t, c.Got()), ids(t, d.Got())...)
	if slices.Sort(got); !slices.Equal(got, []string{"0", "1", "2", "3", "4", "5"}) {
		t.Errorf("the others got %s when that one was gone", got)
	}
}

// TestTwoManaged: two sessions that come online before the other has acknowledged
// anything (XEP-0198) both get what waits, each once; what one has acknowledged is
// over.
func TestTwoManaged(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	for i := range 5 {
		a.Send(chat(i))
	}
	available := func(full string) (*imtest.Client, []string) {
		c := w.Bind(t, full, imtest.Managed)
		c.Send("<presence/>")
		return c, c.Got()
	}
	b, first := available(juliet)
	c, second := available("juliet@localhost/chamber")
	if len(ids(t, first)) != 5 || len(ids(t, second)) != 5 {
		t.Fatalf("got %s and %s", first, second)
	}
	b.Acknowledge(len(first) + 1) // and the presence of c
	w.Offline.Wait()
	b.Break()
	c.Break()
	if _, got := online(t, w, juliet); len(ids(t, got)) != 0 {
		t.Errorf("got %s again", got)
	}
}

// TestHandedOn: what only a session that broke was sent goes to the others, with
// the time it came.
func TestHandedOn(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	b, _ := online(t, w, juliet)
	c, _ := online(t, w, "juliet@localhost/chamber")
	a.Send(`<message to='juliet@localhost/balcony' type='chat' id='m1'><body>x</body></message>`)
	a.Send(chat(2))
	b.Got()
	c.Expect(live("2"))
	b.Break()
	c.Await(2) // and the presence of the other one
	w.Offline.Wait()
	c.Expect()
}

// live matches a message of function chat as it comes to who is there.
func live(id string) string {
	return `<message from='` + romeo + `' to='juliet@localhost' type='chat' id='` + id + `'><body>{any}</body>` + sid + `</message>`
}

// TestAgainAvailable: a session that was unavailable gets what came meanwhile
// before anything new, and nothing that it has had.
func TestAgainAvailable(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	b, _ := online(t, w, juliet)
	a.Send(chat(1))
	b.Expect(live("1")) // and does not acknowledge it
	b.Send(`<presence type='unavailable'/>`)
	a.Send(chat(2))
	a.Send(`<message to='juliet@localhost/balcony' type='chat' id='3'><body>x</body></message>`)
	if got := ids(t, b.Got()); len(got) != 1 || got[0] != "3" {
		t.Errorf("unavailable: got %s, want what was sent to the full JID", got)
	}
	b.Send(`<presence/>`)
	if got := ids(t, b.Got()); len(got) != 1 || got[0] != "2" {
		t.Errorf("available again: got %s, want what came meanwhile", got)
	}
	a.Send(chat(4))
	b.Expect(live("4"))
}

// TestAcknowledged: under stream management what was acknowledged is settled,
// one by one, and the rest comes to the next session.
func TestAcknowledged(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	b := w.Bind(t, juliet, imtest.Managed)
	b.Send(`<presence/>`)
	b.Got()
	before := b.Count()
	for i := range 5 {
		a.Send(chat(i))
	}
	b.Got()
	b.Acknowledge(before + 3)
	w.Offline.Wait()
	if n := stored(t, w, "juliet@localhost"); n != 2 {
		t.Errorf("%d wait after three of five were acknowledged", n)
	}
	b.Break()
	_, got := online(t, w, juliet)
	if got := fmt.Sprint(ids(t, got)); got != "[3 4]" {
		t.Errorf("the next session got %s", got)
	}
}

// TestNothingIsRemembered: what is known of sessions and messages goes with them.
func TestNothingIsRemembered(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	a.Send(chat(1))
	b, _ := online(t, w, juliet)
	c, _ := online(t, w, "juliet@localhost/chamber")
	a.Send(chat(2))
	b.Got()
	b.Close()
	w.Offline.Wait()
	if _, rows := w.Offline.UnderWay(); rows != 0 {
		t.Errorf("%d rows after all was acknowledged", rows)
	}
	a.Send(chat(3))
	c.Break()
	a.Send(chat(4))
	a.Close()
	w.Offline.Wait()
	if accounts, rows := w.Offline.UnderWay(); accounts != 0 || rows != 0 {
		t.Errorf("%d accounts and %d rows are remembered", accounts, rows)
	}
}

// TestAccountRemoved: nothing is remembered of an account that is gone, and a new
// one of that name gets nothing of it.
func TestAccountRemoved(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	b, _ := online(t, w, juliet)
	a.Send(chat(1))
	b.Got()
	w.Remove(t, "juliet@localhost")
	b.Break()
	w.Account(t, "juliet@localhost")
	if _, got := online(t, w, juliet); len(got) != 0 {
		t.Errorf("the new account got %s", got)
	}
}
