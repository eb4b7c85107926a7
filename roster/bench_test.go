package roster_test

import (
	"context"
	"fmt"
	"testing"

	"parley/internal/xmpptest/imtest"
	"parley/storage"
)

// large makes an account with so many contacts.
func large(b *testing.B, contacts int) *imtest.Client {
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
	return w.BindDiscard(b, romeo)
}

// BenchmarkGet fetches a roster of 200.
func BenchmarkGet(b *testing.B) {
	c := large(b, 200)
	st := imtest.Stanza(b, c.JID(), getRoster)
	b.ReportAllocs()
	for b.Loop() {
		c.SendStanza(st)
	}
}

// BenchmarkSet changes an item of a roster of 200, durably.
func BenchmarkSet(b *testing.B) {
	c := large(b, 200)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.SendStanza(imtest.Stanza(b, c.JID(), set(fmt.Sprintf(`<item jid='contact7@example.com' name='%d'/>`, i))))
	}
}
