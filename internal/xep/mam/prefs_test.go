package mam_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/xep/mam"
	"parley/internal/xmpptest/modtest"
)

func result(c *modtest.Client, id, payload string) string {
	account, _, _ := strings.Cut(c.JID().String(), "/")
	return "<iq type='result' id='" + id + "' from='" + account + "' to='" + c.JID().String() + "'>" + payload + "</iq>"
}

func refused(c *modtest.Client, id, typ, condition string) string {
	account, _, _ := strings.Cut(c.JID().String(), "/")
	return "<iq type='error' id='" + id + "' from='" + account + "' to='" + c.JID().String() + "'><error type='" + typ +
		"'><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error></iq>"
}

func prefs(def, always, never string) string {
	return "<prefs xmlns='urn:xmpp:mam:2' default='" + def + "'><always>" + always + "</always><never>" + never + "</never></prefs>"
}

// TestPrefs: XEP-0441 §2.1; what was set is there after a start.
func TestPrefs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{Default: mam.DefaultRoster})
	a := w.Bind(t, romeo)
	get := "<iq type='get' id='1'><prefs xmlns='urn:xmpp:mam:2'/></iq>"
	a.Ask(get, result(a, "1", prefs("roster", "", "")))
	const lists = "<jid>romeo@montague.lit</jid><jid>a@b/C</jid>"
	a.Ask("<iq type='set' id='2'>"+prefs("never", lists+"<jid>Romeo@MONTAGUE.lit</jid>", "<jid>montague@montague.lit</jid>")+"</iq>",
		result(a, "2", prefs("never", lists, "<jid>montague@montague.lit</jid>")))
	a.Ask(get, result(a, "1", prefs("never", lists, "<jid>montague@montague.lit</jid>")))
	w = w.restart(t)
	a = w.Bind(t, romeo)
	a.Ask(get, result(a, "1", prefs("never", lists, "<jid>montague@montague.lit</jid>")))
	a.Ask("<iq type='set' id='3'><prefs xmlns='urn:xmpp:mam:2' default='always'/></iq>", result(a, "3", prefs("always", "", "")))
}

// TestPrefsRefused: bad input, others' preferences, and the limit of addresses.
func TestPrefsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{MaxRules: 3})
	a := w.Bind(t, romeo)
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<jid>a%d@b</jid>", i)
		}
		return b.String()
	}
	for name, c := range map[string]struct{ request, typ, condition string }{
		"no default":      {"<prefs xmlns='urn:xmpp:mam:2'/>", "modify", "bad-request"},
		"another default": {prefs("sometimes", "", ""), "modify", "bad-request"},
		"bad JID":         {prefs("always", "", "<jid>@</jid>"), "modify", "bad-request"},
		"empty JID":       {prefs("always", "<jid/>", ""), "modify", "bad-request"},
		"no JID":          {prefs("always", "<who/>", ""), "modify", "bad-request"},
		"too many":        {prefs("always", many(3), "<jid>c@d</jid>"), "modify", "policy-violation"},
	} {
		t.Run(name, func(t *testing.T) {
			a.Ask("<iq type='set' id='1'>"+c.request+"</iq>", refused(a, "1", c.typ, c.condition))
		})
	}
	a.Ask("<iq type='set' id='1'>"+prefs("always", many(2), "<jid>c@d</jid>")+"</iq>", result(a, "1", prefs("always", many(2), "<jid>c@d</jid>")))
	for _, typ := range []string{"get", "set"} {
		a.Ask("<iq type='"+typ+"' id='1' to='juliet@localhost'>"+prefs("always", "", "")+"</iq>",
			"<iq type='error' id='1' from='juliet@localhost' to='"+romeo+"'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
	}
}

// TestWhatIsListed: XEP-0441 §2.1.1–2.1.3 and §2.3, for both directions. What is
// not listed waits for delivery all the same.
func TestWhatIsListed(t *testing.T) {
	t.Parallel()
	const bob, full = "<jid>juliet@localhost</jid>", "<jid>juliet@localhost/balcony</jid>"
	cases := map[string]struct {
		def, always, never string
		contact            bool
		bare, full         bool // of juliet, archived for romeo
	}{
		"always":                    {"always", "", "", false, true, true},
		"never":                     {"never", "", "", true, false, false},
		"roster, stranger":          {"roster", "", "", false, false, false},
		"roster, contact":           {"roster", "", "", true, true, true},
		"never but":                 {"never", bob, "", false, true, true},
		"always but":                {"always", "", bob, false, false, false},
		"roster but":                {"roster", "", bob, true, false, false},
		"full JID":                  {"always", "", full, false, true, false},
		"full JID before bare one":  {"always", full, bob, false, false, true},
		"bare JID, one full before": {"never", bob, full, false, true, false},
		"both":                      {"always", bob, bob, false, false, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mam.Options{})
			if c.contact {
				w.LetSee("romeo@localhost", "juliet@localhost")
			}
			a, b, other := w.Bind(t, romeo), w.Bind(t, juliet), w.Bind(t, "juliet@localhost/other")
			a.Ask("<iq type='set' id='1'>"+prefs(c.def, c.always, c.never)+"</iq>", "<iq type='result' id='1' from='romeo@localhost' to='"+romeo+"'>{any}</iq>")
			check := func(what string, want bool) {
				t.Helper()
				rows := w.archive(t, "romeo@localhost")
				if got := len(rows) > 0; got != want {
					t.Errorf("%s: archived %t, want %t", what, got, want)
				}
				if _, err := w.store.PurgeMessages(t.Context(), "romeo@localhost", 1<<62, 100); err != nil {
					t.Fatal(err)
				}
			}
			a.Send("<message to='juliet@localhost'><body>x</body></message>")
			check("to bare", c.bare)
			a.Send("<message to='juliet@localhost/balcony'><body>x</body></message>")
			check("to full", c.full)
			a.Send("<message to='romeo@localhost'><body>x</body></message>")
			if got := len(w.archive(t, "romeo@localhost")) > 0; got != (c.def != "never") {
				t.Errorf("to oneself: archived %t", got)
			}
			waits := len(w.waiting(t, "romeo@localhost"))
			listed := func() int { return len(w.archive(t, "romeo@localhost")) }
			before := listed()
			other.Send("<message to='romeo@localhost'><body>x</body></message>")
			if got := listed() > before; got != c.bare {
				t.Errorf("from another resource: archived %t, want %t", got, c.bare)
			}
			before = listed()
			b.Send("<message to='romeo@localhost'><body>x</body></message>")
			if got := listed() > before; got != c.full {
				t.Errorf("from full: archived %t, want %t", got, c.full)
			}
			if got := len(w.waiting(t, "romeo@localhost")); got != waits+2 {
				t.Errorf("%d more wait, want 2", got-waits)
			}
		})
	}
}

// TestAccountRemoved: who gets the name of an account that is gone begins anew.
func TestAccountRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a := w.Bind(t, romeo)
	a.Ask("<iq type='set' id='1'>"+prefs("never", "", "")+"</iq>", result(a, "1", prefs("never", "", "")))
	xml := "<message to='juliet@localhost'><body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/><origin-id xmlns='urn:xmpp:sid:0' id='o'/></message>"
	a.Send(xml)
	a.Close()
	if err := w.store.DeleteAccount(t.Context(), "romeo@localhost"); err != nil {
		t.Fatal(err)
	}
	w.Router.AccountRemoved(t.Context(), a.JID().Bare())
	w.account(t, "romeo@localhost")
	a = w.Bind(t, romeo)
	a.Ask("<iq type='get' id='1'><prefs xmlns='urn:xmpp:mam:2'/></iq>", result(a, "1", prefs("always", "", "")))
	a.Send(xml)
	if n := len(w.waiting(t, "juliet@localhost")); n != 2 {
		t.Errorf("%d messages wait, want 2", n)
	}
}

// TestRemovedUnseen: the same where an account was removed and made again and
// nobody told the server.
func TestRemovedUnseen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	for range 2 {
		a := w.Bind(t, romeo)
		a.Ask("<iq type='get' id='1'><prefs xmlns='urn:xmpp:mam:2'/></iq>", result(a, "1", prefs("always", "", "")))
		for _, to := range []string{"juliet@localhost", "romeo@localhost"} {
			a.Send("<message to='" + to + "'><body>x</body><origin-id xmlns='urn:xmpp:sid:0' id='o'/></message>")
		}
		if n := len(w.archive(t, "romeo@localhost")); n != 2 {
			t.Errorf("%d messages are archived, want 2", n)
		}
		a.Ask("<iq type='set' id='1'>"+prefs("never", "", "")+"</iq>", result(a, "1", prefs("never", "", "")))
		a.Close()
		if err := w.store.DeleteAccount(t.Context(), "romeo@localhost"); err != nil {
			t.Fatal(err)
		}
		w.account(t, "romeo@localhost")
	}
}
