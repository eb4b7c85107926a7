package roster_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"parley/internal/xmpptest/imtest"
	"parley/storage"
)

// large is a client with so many contacts.
func large(b *testing.B, contacts int) *imtest.Client {
	b.Helper()
	return largeWorld(b, contacts).BindDiscard(b, romeo)
}

func largeWorld(b *testing.B, contacts int) *imtest.World {
	b.Helper()
	w := imtest.New(b, imtest.Options{})
	w.Account(b, "romeo@localhost")
	w.QueueBytes = 0 // the benchmark is faster than its client
	for i := range contacts {
		_, _, _, err := w.Store.UpdateRoster(context.Background(), "romeo@localhost", fmt.Sprintf("contact%d@example.com", i), 0,
			func(item *storage.RosterItem, _ bool) (bool, error) {
				item.InRoster, item.Subscription = true, storage.Both
				item.Name, item.Groups = fmt.Sprintf("Contact %d", i), []string{"Friends"}
				return true, nil
			})
		if err != nil {
			b.Fatal(err)
		}
	}
	return w
}

// sizes of rosters: the cost of a fetch is to grow with them, and that of a change
// not to.
var sizes = []int{10, 200, 2000}

// BenchmarkGet fetches a roster that was fetched before.
func BenchmarkGet(b *testing.B) {
	for _, n := range sizes {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			c := large(b, n)
			st := imtest.Stanza(b, c.JID(), getRoster)
			b.ReportAllocs()
			for b.Loop() {
				c.SendStanza(st)
			}
		})
	}
}

// BenchmarkFirstGet fetches a roster for the account's first session: from
// storage, in nobody's memory.
func BenchmarkFirstGet(b *testing.B) {
	for _, n := range sizes {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			w := largeWorld(b, n)
			b.ReportAllocs()
			for b.Loop() {
				w.Roster.Forget()
				c := w.BindDiscard(b, romeo)
				c.Send(getRoster)
				c.Close()
			}
		})
	}
}

// BenchmarkSet changes an item, durably.
func BenchmarkSet(b *testing.B) {
	for _, n := range sizes {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			c := large(b, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				c.SendStanza(imtest.Stanza(b, c.JID(), set(fmt.Sprintf(`<item jid='contact7@example.com' name='%d'/>`, i))))
			}
		})
	}
}
