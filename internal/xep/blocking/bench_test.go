package blocking_test

import (
	"testing"

	"parley/internal/module"
	"parley/internal/xep/blocking"
	"parley/internal/xmpptest/imtest"
)

// message is what both hooks cost a message from Juliet to Romeo who have
// sessions. first are the clients that block somebody else before.
func message(tb testing.TB, first ...string) func() {
	tb.Helper()
	w := newWorld(tb, blocking.Options{})
	j := w.Bind(tb, juliet)
	w.Bind(tb, romeo)
	for _, full := range first {
		do(w.Bind(tb, full), "block", "a@example.net", "b@example.net/r", "example.org")
	}
	ev := &module.Event{Stanza: imtest.Stanza(tb, j.JID(), "<message id='x' type='chat' to='"+romeo+"'><body>a</body></message>")}
	hooks := &w.Router.Hooks
	return func() {
		if err := hooks.FromClient.Run(tb.Context(), ev); err != nil {
			tb.Fatal(err)
		}
		if err := hooks.ToAccount.Run(tb.Context(), ev); err != nil {
			tb.Fatal(err)
		}
	}
}

// who blocks somebody: nobody, others, and both sides of the message.
var who = map[string][]string{"nobody": nil, "others": {tybalt}, "both": {chamber, "romeo@localhost/phone"}}

func BenchmarkMessage(b *testing.B) {
	for name, first := range who {
		b.Run(name, func(b *testing.B) {
			pass := message(b, first...)
			b.ReportAllocs()
			for b.Loop() {
				pass()
			}
		})
	}
}

// A message takes no memory on its way past blocklists.
func TestAllocations(t *testing.T) {
	for name, first := range who {
		if n := testing.AllocsPerRun(100, message(t, first...)); n > 0 {
			t.Errorf("%s: %.0f allocations", name, n)
		}
	}
}

// BenchmarkPresence is what a contact of a broadcast costs more.
func BenchmarkPresence(b *testing.B) {
	for name, first := range who {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, blocking.Options{})
			j, r := w.Bind(b, juliet).JID(), w.Bind(b, romeo).JID()
			for _, full := range first {
				do(w.Bind(b, full), "block", "a@example.net", "example.org")
			}
			b.ReportAllocs()
			for b.Loop() {
				if w.blocking.Between(b.Context(), j, r) {
					b.Fatal("they are blocked")
				}
			}
		})
	}
}
