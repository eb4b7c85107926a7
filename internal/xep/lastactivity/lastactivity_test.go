package lastactivity_test

import (
	"strings"
	"testing"
	"time"

	"parley/internal/module"
	"parley/internal/xep/lastactivity"
	"parley/internal/xmpptest/modtest"
	"parley/storage"
	"parley/storage/sqlstore"
)

var _ module.Module = (*lastactivity.Module)(nil)

const (
	ask   = `<iq type='get' id='1' to='%'><query xmlns='jabber:iq:last'/></iq>`
	romeo = "romeo@localhost/orchard"
)

func setup(t *testing.T) (*modtest.Bench, *sqlstore.Store) {
	store := modtest.Store(t)
	b := modtest.New(t)
	b.Add(lastactivity.New(store, b))
	for _, a := range []string{"juliet@localhost", "romeo@localhost", "tybalt@localhost"} {
		b.AddAccount(a)
		if err := store.CreateAccount(t.Context(), a, nil); err != nil {
			t.Fatal(err)
		}
	}
	b.LetSee("juliet@localhost", "romeo@localhost")
	return b, store
}

func result(from, to, attrs, status string) string {
	return `<iq type='result' id='1' from='` + from + `' to='` + to + `'><query xmlns='jabber:iq:last' ` +
		attrs + `>` + status + `</query></iq>`
}

func failure(from, to, typ, content string) string {
	return `<iq type='error' id='1' from='` + from + `' to='` + to + `'><error type='` + typ + `'>` + content + `</error></iq>`
}

const forbidden = `<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>`

func to(j string) string { return strings.Replace(ask, "%", j, 1) }

func TestServer(t *testing.T) {
	t.Parallel()
	b, _ := setup(t)
	b.Bind(t, romeo).Ask(to("localhost"), result("localhost", romeo, `seconds='{any}'`, ""))
}

// XEP-0012 §3: who may ask, and what is said of whom.
func TestAccount(t *testing.T) {
	t.Parallel()
	const juliet = "juliet@localhost/chamber"
	left := storage.LastActivity{When: time.Now().Add(-903 * time.Second), Status: "Heading Home"}
	tests := map[string]struct {
		asker, to string
		online    bool
		want      string
	}{
		"subscriber":        {romeo, "juliet@localhost", false, result("juliet@localhost", romeo, `seconds='9{any}'`, "Heading Home")},
		"subscriber online": {romeo, "juliet@localhost", true, result("juliet@localhost", romeo, `seconds='0'`, "")},
		"owner":             {juliet, "juliet@localhost", false, result("juliet@localhost", juliet, `seconds='9{any}'`, "Heading Home")},
		"stranger":          {"tybalt@localhost/street", "juliet@localhost", true, failure("juliet@localhost", "tybalt@localhost/street", "auth", forbidden)},
		"unknown":           {romeo, "nobody@localhost", false, failure("nobody@localhost", romeo, "auth", forbidden)},
		"never available": {romeo, "romeo@localhost", false, failure("romeo@localhost", romeo, "cancel",
			`<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}`)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, store := setup(t)
			if err := storage.Wait(t.Context(), store.SetLastActivity(t.Context(), "juliet@localhost", left)); err != nil {
				t.Fatal(err)
			}
			if tt.online {
				b.Bind(t, "juliet@localhost/balcony").Available()
			}
			b.Bind(t, tt.asker).Ask(to(tt.to), tt.want)
		})
	}
}

// What is kept of the end of a presence session.
func TestRecord(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		leave func(*modtest.Client)
		want  string // status; "-" when nothing is kept
	}{
		"unavailable with status": {func(c *modtest.Client) {
			c.Available().Send(`<presence type='unavailable'><status>Heading Home</status></presence>`)
		}, "Heading Home"},
		"then closed": {func(c *modtest.Client) {
			c.Available().Send(`<presence type='unavailable'><status>Heading Home</status></presence>`)
			c.SetPresence(nil) // what the presence module does then
			c.Close()
		}, "Heading Home"},
		"long status": {func(c *modtest.Client) {
			c.Available().Send(`<presence type='unavailable'><status>x` + strings.Repeat("ä", 1000) + `</status></presence>`)
		}, "x" + strings.Repeat("ä", 511)},
		"closed without a word": {func(c *modtest.Client) { c.Available().Close() }, ""},
		"never available":       {func(c *modtest.Client) { c.Close() }, "-"},
		"unavailable while not available": {func(c *modtest.Client) {
			c.Send(`<presence type='unavailable'><status>hidden</status></presence>`)
		}, "-"},
		"directed": {func(c *modtest.Client) {
			c.Available().Send(`<presence type='unavailable' to='romeo@localhost'><status>to you</status></presence>`)
		}, "-"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, store := setup(t)
			before := time.Now().Add(-time.Second)
			tt.leave(b.Bind(t, "juliet@localhost/balcony"))
			got, err := store.LastActivity(t.Context(), "juliet@localhost")
			if tt.want == "-" {
				if err == nil {
					t.Errorf("got %+v, want nothing kept", got)
				}
				return
			}
			if err != nil || got.Status != tt.want || got.When.Before(before) {
				t.Errorf("got %+v, %v, want status %q", got, err, tt.want)
			}
		})
	}
}

// A client that has removed its account says goodbye like any other: that is
// no failure, and it gets no answer but those it asked for.
func TestRemoved(t *testing.T) {
	t.Parallel()
	b, store := setup(t)
	c := b.Bind(t, romeo).Available()
	if err := store.DeleteAccount(t.Context(), "romeo@localhost"); err != nil {
		t.Fatal(err)
	}
	c.Send(`<presence type='unavailable'/>`)
	c.Ask(to("localhost"), result("localhost", romeo, `seconds='{any}'`, ""))
}
