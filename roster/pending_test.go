package roster_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/jid"
	"parley/internal/xmpptest/imtest"
	"parley/roster"
)

// TestRequestWaits: RFC 6121 §3.1.3. A request is kept whole and presented to
// every resource that becomes available, once each, until it is answered.
func TestRequestWaits(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	w.Account(t, "romeo@localhost", "juliet@localhost")
	a := w.Bind(t, romeo)
	a.Send(getRoster)
	a.Got()
	a.Send(`<presence to='juliet@localhost' type='subscribe' id='1'><status>It is the east</status><nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick></presence>`)
	a.Send(`<presence to='juliet@localhost' type='subscribe' id='2'><status>again</status></presence>`)
	a.Expect(push(romeo, `<item jid='juliet@localhost' subscription='none' ask='subscribe'/>`))

	request := `<presence type='subscribe' from='romeo@localhost' to='juliet@localhost'><status>It is the east</status><nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick></presence>`
	for _, resource := range []string{"one", "two"} {
		full := "juliet@localhost/" + resource
		b := w.Bind(t, full)
		b.Ask(getRoster, rosterOf+endRoster) // a stranger is not in the roster
		b.Ask(`<presence/>`, `<presence from='`+full+`' to='`+full+`'/>`, request)
		b.Close()
	}
	b := w.Bind(t, "juliet@localhost/three")
	b.Send(`<presence/>`)
	b.Got()
	a.Send(`<presence to='juliet@localhost' type='subscribe' id='3'/>`)
	b.Expect() // A.3.1: not delivered again
	b.Ask(`<presence to='romeo@localhost' type='unsubscribed'/>`)
	a.Expect(`<presence from='juliet@localhost' to='romeo@localhost' type='unsubscribed'/>`,
		push(romeo, `<item jid='juliet@localhost' subscription='none'/>`))
	b.Ask(`<presence type='unavailable'/>`, `<presence from='juliet@localhost/three' to='juliet@localhost/three' type='unavailable'/>`)
	b.Ask(`<presence/>`, `<presence from='juliet@localhost/three' to='juliet@localhost/three'/>`)
}

// TestRequestIsSentAgain: an unanswered request goes out again when the user
// comes online; it may have been lost (RFC 6121 §3.1.2).
func TestRequestIsSentAgain(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	remote := w.Remote(t)
	w.Account(t, "romeo@localhost")
	a := w.Bind(t, romeo)
	request := `<presence type='subscribe' from='romeo@localhost' to='juliet@example.net'/>`
	a.Send(`<presence to='juliet@example.net' type='subscribe'/>`)
	compare(t, "juliet", remote.Got(), []string{request})
	a.Send(`<presence/>`)
	compare(t, "juliet", remote.Got(), []string{request})
}

// TestLongRequest: of a request that is too large the words are not kept.
func TestLongRequest(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{Roster: roster.Options{MaxRequest: 60}})
	w.Account(t, "romeo@localhost", "juliet@localhost")
	a := w.Bind(t, romeo)
	a.Send(`<presence to='juliet@localhost' type='subscribe'><status>` + strings.Repeat("x", 60) + `</status></presence>`)
	b := w.Bind(t, "juliet@localhost/b")
	b.Send(`<presence/>`)
	b.Expect(`<presence from='juliet@localhost/b' to='juliet@localhost/b'/>`,
		`<presence type='subscribe' from='romeo@localhost' to='juliet@localhost'/>`)
}

// TestTooManyStrangers: requests beyond the limit are dropped, those of
// contacts in the roster are not.
func TestTooManyStrangers(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{Roster: roster.Options{MaxPending: 3}})
	remote := w.Remote(t)
	w.Account(t, "juliet@localhost")
	b := w.Bind(t, "juliet@localhost/b")
	b.Send(set(`<item jid='friend@example.net'/>`))
	for i := range 5 {
		remote.Send(fmt.Sprintf("s%d@example.net", i), `<presence to='juliet@localhost' type='subscribe'/>`)
	}
	remote.Send("friend@example.net", `<presence to='juliet@localhost' type='subscribe'/>`)
	r, err := w.Store.Roster(t.Context(), "juliet@localhost")
	if err != nil {
		t.Fatal(err)
	}
	pending := 0
	for _, i := range r.Items {
		if i.PendingIn {
			pending++
		}
	}
	if pending != 4 {
		t.Errorf("%d requests wait, want 4", pending)
	}
	if len(remote.Got()) != 0 {
		t.Error("a stranger was answered")
	}
}

// TestNobody: a stranger cannot tell an account that does not exist from one
// that does not answer (RFC 6121 §8.5.1), and nothing is kept for it.
func TestNobody(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	remote := w.Remote(t)
	w.Account(t, "juliet@localhost")
	for _, account := range []string{"juliet@localhost", "nobody@localhost"} {
		for _, typ := range []string{"subscribe", "subscribed", "unsubscribe", "unsubscribed"} {
			remote.Send("spy@example.net/x", `<presence to='`+account+`' type='`+typ+`'/>`)
			if got := remote.Got(); len(got) != 0 {
				t.Errorf("%s %s was answered: %s", typ, account, got)
			}
		}
	}
}

// TestPreapproval is RFC 6121 §3.4.
func TestPreapproval(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	w.Account(t, "romeo@localhost", "juliet@localhost")
	a, b := w.Bind(t, romeo), w.Bind(t, "juliet@localhost/b")
	a.Ask(getRoster, rosterOf+endRoster)
	b.Send(getRoster)
	b.Send(`<presence/>`)
	b.Got()
	b.Ask(`<presence to='romeo@localhost' type='subscribed'/>`,
		push("juliet@localhost/b", `<item jid='romeo@localhost' subscription='none' approved='true'/>`))
	a.Expect()                                                    // not routed
	b.Ask(`<presence to='romeo@localhost' type='unsubscribed'/>`, // §3.4.3
		push("juliet@localhost/b", `<item jid='romeo@localhost' subscription='none'/>`))
	a.Expect()
	b.Send(`<presence to='romeo@localhost' type='subscribed'/>`)
	b.Got()
	a.Ask(`<presence to='juliet@localhost' type='subscribe'/>`,
		push(romeo, `<item jid='juliet@localhost' subscription='none' ask='subscribe'/>`),
		`<presence from='juliet@localhost' to='romeo@localhost' type='subscribed'/>`,
		push(romeo, `<item jid='juliet@localhost' subscription='to'/>`))
	b.Expect(push("juliet@localhost/b", `<item jid='romeo@localhost' subscription='from'/>`)) // §3.4.2: not delivered
}

// TestOneself: nobody subscribes to himself.
func TestOneself(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	w.Account(t, "romeo@localhost")
	a := w.Bind(t, romeo)
	for _, typ := range []string{"subscribe", "subscribed", "unsubscribe", "unsubscribed"} {
		a.Ask(`<presence to='romeo@localhost/x' type='` + typ + `'/>`)
		a.Ask(`<presence type='`+typ+`' id='n'/>`,
			`<presence from='romeo@localhost' to='`+romeo+`' type='error' id='n'><error type='modify'>{any}</error></presence>`)
	}
	if got := item(t, w, "romeo@localhost", "romeo@localhost"); got.InRoster || got.PendingIn {
		t.Errorf("got %+v", got)
	}
}

// TestCacheEnds: contacts are kept in memory no longer than there are sessions,
// and a change by another process is noticed.
func TestCacheEnds(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	w.Account(t, "romeo@localhost")
	account := jid.MustParse("romeo@localhost")
	a, b := w.Bind(t, romeo), w.Bind(t, "romeo@localhost/other")
	a.Send(`<presence/>`)
	if !w.Roster.Cached(account) {
		t.Error("nothing is cached for an account that is online")
	}
	put(t, w, "romeo@localhost", "x@example.com", states["F"])
	a.Send(set(`<item jid='y@example.com'/>`))
	if ok, err := w.Roster.IsSubscriber(t.Context(), account, jid.MustParse("x@example.com")); !ok || err != nil {
		t.Errorf("a change of another process was not noticed: %v", err)
	}
	a.Close()
	if !w.Roster.Cached(account) {
		t.Error("the cache was dropped while a session is left")
	}
	b.Close()
	if w.Roster.Cached(account) {
		t.Error("the cache outlives the last session")
	}
	if n := w.Roster.InUse(); n != 0 {
		t.Errorf("%d locks are still in use", n)
	}
}

// TestDisabled: a disabled account gets no requests, but subscriptions end.
func TestDisabled(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	remote := w.Remote(t)
	w.Account(t, "juliet@localhost")
	put(t, w, "juliet@localhost", "romeo@example.net", states["B"])
	if err := w.Store.SetDisabled(t.Context(), "juliet@localhost", true); err != nil {
		t.Fatal(err)
	}
	remote.Send("paris@example.net", `<presence to='juliet@localhost' type='subscribe'/>`)
	remote.Send("romeo@example.net", `<presence to='juliet@localhost' type='unsubscribed'/>`)
	if got := item(t, w, "juliet@localhost", "paris@example.net"); got.PendingIn {
		t.Error("a request was kept")
	}
	if got := item(t, w, "juliet@localhost", "romeo@example.net"); got.Subscription != states["F"].Subscription {
		t.Errorf("got %s, want from", got.Subscription)
	}
}
