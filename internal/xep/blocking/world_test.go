package blocking_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/jid"
	"parley/internal/xep/blocking"
	"parley/internal/xep/carbons"
	"parley/internal/xmpptest/imtest"
	"parley/storage"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	romeo   = "romeo@localhost/orchard"
	juliet  = "juliet@localhost/balcony"
	chamber = "juliet@localhost/chamber"
	tybalt  = "tybalt@localhost/street"
)

// world is a server's instant messaging part with blocking.
type world struct {
	*imtest.World
	blocking *blocking.Module
}

func newWorld(t testing.TB, opts blocking.Options) *world {
	t.Helper()
	w := &world{World: imtest.New(t, imtest.Options{})}
	w.start(opts)
	w.Account(t, "romeo@localhost", "juliet@localhost", "tybalt@localhost")
	return w
}

func (w *world) start(opts blocking.Options) {
	w.blocking = blocking.New(w.Store, w.Presence, opts)
	w.Presence.SetBarrier(w.blocking)
	w.Roster.SetBarrier(w.blocking)
	w.Add(w.blocking, carbons.New())
}

// friends subscribes two accounts to each other.
func (w *world) friends(t testing.TB, a, b string) {
	t.Helper()
	for _, pair := range [][2]string{{a, b}, {b, a}} {
		_, _, _, err := w.Store.UpdateRoster(t.Context(), pair[0], pair[1], 1000,
			func(item *storage.RosterItem, _ bool) (bool, error) {
				item.InRoster, item.Subscription = true, storage.Both
				return true, nil
			})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// online binds clients that are available, and drops what that brings.
func (w *world) online(t testing.TB, full ...string) []*imtest.Client {
	t.Helper()
	var clients []*imtest.Client
	for _, f := range full {
		c := w.Bind(t, f)
		c.Send(`<presence/>`)
		clients = append(clients, c)
	}
	for _, c := range clients {
		c.Got()
	}
	return clients
}

func list(jids ...string) string {
	var b strings.Builder
	for _, j := range jids {
		fmt.Fprintf(&b, "<item jid='%s'/>", j)
	}
	return b.String()
}

func command(name string, jids ...string) string {
	typ := "set"
	if name == "blocklist" {
		typ = "get"
	}
	return fmt.Sprintf("<iq type='%s' id='c'><%s xmlns='urn:xmpp:blocking'>%s</%s></iq>", typ, name, list(jids...), name)
}

// result is the answer to a command; content is within <blocklist/>.
func result(full, content string) string {
	bare := jid.MustParse(full).Bare().String()
	return fmt.Sprintf("<iq type='result' id='c' from='%s' to='%s'>%s</iq>", bare, full, content)
}

func blocklist(full string, jids ...string) string {
	return result(full, "<blocklist xmlns='urn:xmpp:blocking'>"+list(jids...)+"</blocklist>")
}

func push(full, name string, jids ...string) string {
	return fmt.Sprintf("<iq type='set' id='{any}' to='%s'><%s xmlns='urn:xmpp:blocking'>%s</%s></iq>", full, name, list(jids...), name)
}

// do makes a change and drops what comes of it.
func do(c *imtest.Client, name string, jids ...string) {
	c.Send(command(name, jids...))
	c.Got()
}

const conditions = "urn:ietf:params:xml:ns:xmpp-stanzas"

// refused is the error to what was sent to whom the sender blocks (XEP-0191 §3.3).
func refused(kind, from, to string) string {
	return fmt.Sprintf("<%s type='error' id='x' from='%s' to='%s'><error type='cancel'><not-acceptable xmlns='%s'/>"+
		"<blocked xmlns='urn:xmpp:blocking:errors'/></error></%s>", kind, from, to, conditions, kind)
}

// gone is the error to who is blocked.
func gone(kind, from, to string) string {
	return fmt.Sprintf("<%s type='error' id='x' from='%s' to='%s'><error type='cancel'><service-unavailable xmlns='%s'/></error></%s>",
		kind, from, to, conditions, kind)
}

func failed(full, condition string) string {
	return fmt.Sprintf("<iq type='error' id='c' from='%s' to='%s'><error type='{any}'><%s xmlns='%s'/>{more}</error></iq>",
		jid.MustParse(full).Bare(), full, condition, conditions)
}

func away(from, to string) string {
	return fmt.Sprintf("<presence type='unavailable' from='%s' to='%s'/>", from, to)
}

func here(from, to string) string { return fmt.Sprintf("<presence from='%s' to='%s'/>", from, to) }
