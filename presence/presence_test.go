package presence_test

import (
	"fmt"
	"testing"

	"parley/internal/xmpptest/imtest"
	"parley/presence"
	"parley/storage"
)

const (
	orchard = "romeo@localhost/orchard"
	balcony = "juliet@localhost/balcony"
)

func from(full, to, rest string) string {
	return `<presence from='` + full + `' to='` + to + `'` + rest
}

func gone(full, to string) string { return from(full, to, ` type='unavailable'/>`) }

func refused(full, id string) string {
	return `<presence from='{any}' to='` + full + `' type='error' id='` + id + `'><error type='modify'>{any}</error></presence>`
}

// subscribe lets contact see account, on both sides if both are ours.
func subscribe(t testing.TB, w *imtest.World, account, contact string, local bool) {
	t.Helper()
	add := func(owner, other string, bit storage.Subscription) {
		_, _, _, err := w.Store.UpdateRoster(t.Context(), owner, other, 0, func(i *storage.RosterItem, _ bool) (bool, error) {
			i.InRoster, i.Subscription = true, i.Subscription|bit
			return true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add(account, contact, storage.From)
	if local {
		add(contact, account, storage.To)
	}
}

func world(t testing.TB, opts imtest.Options) *imtest.World {
	t.Helper()
	w := imtest.New(t, opts)
	w.Account(t, "romeo@localhost", "juliet@localhost")
	return w
}

// TestLifeOfASession is RFC 6121 §4.2, §4.4, §4.5 between two who see each
// other, with two resources on one side.
func TestLifeOfASession(t *testing.T) {
	t.Parallel()
	w := world(t, imtest.Options{})
	subscribe(t, w, "romeo@localhost", "juliet@localhost", true)
	subscribe(t, w, "juliet@localhost", "romeo@localhost", true)
	a, b, bound := w.Bind(t, orchard), w.Bind(t, balcony), w.Bind(t, "juliet@localhost/bound")

	a.Ask(`<presence xml:lang='en' id='p1'><priority>1</priority></presence>`,
		from(orchard, orchard, ` xml:lang='en' id='p1'><priority>1</priority></presence>`))
	// Initial presence: to herself, to romeo; and what she learns of him.
	b.Ask(`<presence><show>dnd</show><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>`,
		from(balcony, balcony, `><show>dnd</show><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>`),
		from(orchard, balcony, ` xml:lang='en' id='p1'><priority>1</priority></presence>`))
	a.Expect(from(balcony, "romeo@localhost", `>{any}</presence>`))

	// A second resource: the first one and it learn of each other (§4.2.2).
	c := w.Bind(t, "juliet@localhost/chamber")
	c.Ask(`<presence/>`,
		from("juliet@localhost/chamber", "juliet@localhost/chamber", `/>`),
		from(balcony, "juliet@localhost/chamber", `>{any}</presence>`),
		from(orchard, "juliet@localhost/chamber", ` xml:lang='en' id='p1'>{any}</presence>`))
	b.Expect(from("juliet@localhost/chamber", balcony, `/>`))
	a.Expect(from("juliet@localhost/chamber", "romeo@localhost", `/>`))

	// Later presence: no probes, no answers (§4.4).
	b.Ask(`<presence><show>xa</show></presence>`, from(balcony, balcony, `><show>xa</show></presence>`))
	c.Expect(from(balcony, "juliet@localhost/chamber", `><show>xa</show></presence>`))
	a.Expect(from(balcony, "romeo@localhost", `><show>xa</show></presence>`))

	// Unavailable, said (§4.5.2) and not.
	c.Ask(`<presence type='unavailable'><status>bye</status></presence>`,
		from("juliet@localhost/chamber", "juliet@localhost/chamber", ` type='unavailable'><status>bye</status></presence>`))
	b.Expect(from("juliet@localhost/chamber", balcony, ` type='unavailable'><status>bye</status></presence>`))
	a.Expect(from("juliet@localhost/chamber", "romeo@localhost", ` type='unavailable'><status>bye</status></presence>`))
	c.Close()
	b.Close()
	a.Expect(gone(balcony, "romeo@localhost"))
	bound.Expect()

	// Nobody hears of a session that was never available.
	bound.Ask(`<presence type='unavailable'/>`)
	bound.Close()
	a.Expect()
}

// TestNotSubscribed: who is not subscribed hears nothing (§4.2.2), in either
// direction of a one-sided subscription.
func TestNotSubscribed(t *testing.T) {
	t.Parallel()
	w := world(t, imtest.Options{})
	subscribe(t, w, "romeo@localhost", "juliet@localhost", true) // she sees him
	a, b := w.Bind(t, orchard), w.Bind(t, balcony)
	a.Send(`<presence/>`)
	b.Ask(`<presence/>`, from(balcony, balcony, `/>`), from(orchard, balcony, `/>`))
	a.Expect(from(orchard, orchard, `/>`))
}

// TestOtherDomain: contacts elsewhere are probed and told by stanzas (§4.2.2,
// §4.3.1).
func TestOtherDomain(t *testing.T) {
	t.Parallel()
	w := world(t, imtest.Options{})
	remote := w.Remote(t)
	subscribe(t, w, "romeo@localhost", "nurse@example.net", false)
	if _, _, _, err := w.Store.UpdateRoster(t.Context(), "romeo@localhost", "friar@example.net", 0,
		func(i *storage.RosterItem, _ bool) (bool, error) {
			i.InRoster, i.Subscription = true, storage.To
			return true, nil
		}); err != nil {
		t.Fatal(err)
	}
	a := w.Bind(t, orchard)
	a.Send(`<presence/>`)
	match(t, remote.Got(), from(orchard, "nurse@example.net", `/>`), from(orchard, "friar@example.net", ` type='probe'/>`))
	a.Send(`<presence><show>away</show></presence>`)
	match(t, remote.Got(), from(orchard, "nurse@example.net", `><show>away</show></presence>`))
	a.Break()
	match(t, remote.Got(), gone(orchard, "nurse@example.net"))
}

// TestProbe: RFC 6121 §4.3.2, with who may ask.
func TestProbe(t *testing.T) {
	t.Parallel()
	w := world(t, imtest.Options{})
	remote := w.Remote(t)
	subscribe(t, w, "romeo@localhost", "friend@example.net", false)
	probe := func(from, to string, want ...string) {
		t.Helper()
		remote.Send(from, `<presence type='probe' to='`+to+`'/>`)
		match(t, remote.Got(), want...)
	}
	friend, spy := "friend@example.net/x", "spy@example.net/x"
	refuse := func(account string) string { return from(account, "spy@example.net", ` type='unsubscribed'/>`) }

	// Nobody is there.
	probe(friend, "romeo@localhost", gone("romeo@localhost", friend))
	probe(spy, "romeo@localhost", refuse("romeo@localhost"))
	probe(spy, "nobody@localhost", refuse("nobody@localhost"))

	a, b := w.Bind(t, orchard), w.Bind(t, "romeo@localhost/bound")
	a.Send(`<presence><status>s</status></presence>`)
	remote.Got()
	here := from(orchard, friend, `><status>s</status></presence>`)
	probe(friend, "romeo@localhost", here)
	probe(friend, orchard, here)
	probe(friend, "romeo@localhost/bound", gone("romeo@localhost/bound", friend))
	probe(friend, "romeo@localhost/none", gone("romeo@localhost/none", friend))
	probe(spy, "romeo@localhost", refuse("romeo@localhost"))
	probe(spy, orchard, refuse("romeo@localhost"))
	a.Got()
	a.Expect() // no client sees a probe
	b.Expect()
	a.Ask(`<presence type='probe' id='n'/>`, refused(orchard, "n"))
	a.Ask(`<presence type='probe' to='romeo@localhost'/>`, from(orchard, orchard, `><status>s</status></presence>`))
	a.Ask(`<presence type='probe' to='juliet@localhost'/>`, from("juliet@localhost", "romeo@localhost", ` type='unsubscribed'/>`))
}

// TestRefusedProbeHeals: a user who thinks that he is subscribed and is not
// learns it when he comes online.
func TestRefusedProbeHeals(t *testing.T) {
	t.Parallel()
	w := world(t, imtest.Options{})
	subscribe(t, w, "juliet@localhost", "romeo@localhost", true)
	if _, _, _, err := w.Store.UpdateRoster(t.Context(), "juliet@localhost", "romeo@localhost", 0,
		func(i *storage.RosterItem, _ bool) (bool, error) { return false, nil }); err != nil {
		t.Fatal(err)
	}
	w.Bind(t, balcony).Send(`<presence/>`)
	a := w.Bind(t, orchard)
	a.Send(`<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`)
	a.Got()
	a.Ask(`<presence/>`, from(orchard, orchard, `/>`),
		from("juliet@localhost", "romeo@localhost", ` type='unsubscribed'/>`),
		`<iq type='set' id='{any}' to='`+orchard+`'><query xmlns='jabber:iq:roster' ver='{any}'><item jid='juliet@localhost' subscription='none'/></query></iq>`)
}

// TestDirected: RFC 6121 §4.6.
func TestDirected(t *testing.T) {
	t.Parallel()
	w := world(t, imtest.Options{Presence: presence.Options{MaxDirected: 2}})
	remote := w.Remote(t)
	subscribe(t, w, "romeo@localhost", "friend@example.net", false)
	a, b := w.Bind(t, orchard), w.Bind(t, balcony)
	b.Send(`<presence/>`)
	b.Got()
	room, other := "room@muc.example.net/romeo", "other@example.net"
	here := func(to string) string { return from(orchard, to, `/>`) }

	// Before initial presence; also a subscriber is remembered then.
	a.Send(`<presence to='` + room + `'/>`)
	a.Send(`<presence to='` + room + `'/>`)
	match(t, remote.Got(), here(room), here(room))
	a.Ask(`<presence to='juliet@localhost'/>`)
	b.Expect(here("juliet@localhost"))
	a.Ask(`<presence to='`+other+`' id='n'/>`, refused(orchard, "n")) // one too many
	a.Send(`<presence/>`)
	a.Got()
	match(t, remote.Got(), here("friend@example.net"))
	a.Send(`<presence to='friend@example.net'><status>psst</status></presence>`) // a subscriber: not counted
	match(t, remote.Got(), from(orchard, "friend@example.net", `><status>psst</status></presence>`))

	// Taken back: juliet is not told again.
	a.Send(`<presence to='juliet@localhost' type='unavailable'/>`)
	b.Expect(gone(orchard, "juliet@localhost"))
	// A room gets later directed presence, but not the broadcasts.
	a.Send(`<presence><show>away</show></presence>`)
	match(t, remote.Got(), from(orchard, "friend@example.net", `><show>away</show></presence>`))
	a.Send(`<presence type='unavailable'/>`)
	match(t, remote.Got(), gone(orchard, "friend@example.net"), gone(orchard, room))
	b.Expect()

	// Told once: the list is empty now. A vanished session is cleaned up too.
	a.Send(`<presence to='` + balcony + `'/>`)
	a.Send(`<presence to='friend@example.net'/>`)
	remote.Got()
	b.Expect(here(balcony))
	a.Break()
	b.Expect(gone(orchard, balcony))
	match(t, remote.Got(), gone(orchard, "friend@example.net"))
}

// TestDirectedThenSubscribed: who has become a subscriber is told once.
func TestDirectedThenSubscribed(t *testing.T) {
	t.Parallel()
	w := world(t, imtest.Options{})
	a, b := w.Bind(t, orchard), w.Bind(t, balcony)
	a.Send(`<presence/>`)
	b.Send(`<presence/>`)
	a.Send(`<presence to='juliet@localhost'/>`)
	b.Send(`<presence to='romeo@localhost' type='subscribe'/>`)
	a.Send(`<presence to='juliet@localhost' type='subscribed'/>`)
	b.Got()
	a.Send(`<presence type='unavailable'/>`)
	b.Expect(gone(orchard, "juliet@localhost"))
}

// TestPriority: RFC 6121 §4.7.2.3.
func TestPriority(t *testing.T) {
	t.Parallel()
	w := world(t, imtest.Options{})
	for i, tt := range []struct {
		text string
		want int8
		bad  bool
	}{
		{"0", 0, false}, {"-128", -128, false}, {"127", 127, false}, {"+5", 5, false}, {" 7\n", 7, false}, {"", 0, false},
		{"128", 0, true}, {"-129", 0, true}, {"high", 0, true}, {"1.5", 0, true}, {"99999999999", 0, true},
	} {
		full := fmt.Sprintf("romeo@localhost/%d", i)
		c := w.Bind(t, full)
		c.Send(`<presence id='n'><priority>` + tt.text + `</priority></presence>`)
		if tt.bad {
			c.Expect(refused(full, "n"))
			if c.Presence() != nil {
				t.Errorf("%q: available all the same", tt.text)
			}
		} else if p := c.Presence(); p == nil || p.Priority != tt.want {
			t.Errorf("%q: got %+v, want %d", tt.text, p, tt.want)
		}
		c.Close()
	}
}

// TestUnknownShow is carried as it came.
func TestUnknownShow(t *testing.T) {
	t.Parallel()
	w := world(t, imtest.Options{})
	w.Bind(t, orchard).Ask(`<presence><show>sleepy</show></presence>`, from(orchard, orchard, `><show>sleepy</show></presence>`))
}
