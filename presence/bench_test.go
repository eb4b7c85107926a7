package presence_test

import (
	"fmt"
	"strconv"
	"testing"

	"parley/internal/xmpptest/imtest"
	"parley/storage"
)

// fanOut is an account with so many contacts who are online.
func fanOut(b testing.TB, contacts int) *imtest.Client {
	b.Helper()
	w := imtest.New(b, imtest.Options{})
	w.Account(b, "romeo@localhost")
	for i := range contacts {
		account := fmt.Sprintf("contact%d@localhost", i)
		w.Account(b, account)
		subscribe(b, w, "romeo@localhost", account, true)
	}
	for i := range contacts {
		w.BindDiscard(b, fmt.Sprintf("contact%d@localhost/r", i)).Send(`<presence/>`)
	}
	a := w.BindDiscard(b, "romeo@localhost/r")
	a.Send(`<presence/>`)
	return a
}

// sizes of rosters: what one contact costs is not to grow with them.
var sizes = []int{200, 2000}

// BenchmarkFanOut sends a presence to all contacts.
func BenchmarkFanOut(b *testing.B) {
	for _, n := range sizes {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			a := fanOut(b, n)
			st := imtest.Stanza(b, a.JID(), `<presence><show>away</show><status>s</status><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.org' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>`)
			b.ReportAllocs()
			for b.Loop() {
				a.SendStanza(st)
			}
			perContact(b, n)
		})
	}
}

// BenchmarkInitial is coming online and going again with all contacts there.
func BenchmarkInitial(b *testing.B) {
	for _, n := range sizes {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			a := fanOut(b, n)
			here := imtest.Stanza(b, a.JID(), `<presence/>`)
			gone := imtest.Stanza(b, a.JID(), `<presence type='unavailable'/>`)
			b.ReportAllocs()
			for b.Loop() {
				a.SendStanza(gone)
				a.SendStanza(here)
			}
			perContact(b, n)
		})
	}
}

func perContact(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/contact")
}

// TestFanOutAllocations: a broadcast costs a contact the addressed stanza and,
// now and then, what the test's own connection takes. It counts what the whole
// process allocates, so it does not run beside others.
func TestFanOutAllocations(t *testing.T) {
	const contacts = 100
	a := fanOut(t, contacts)
	st := imtest.Stanza(t, a.JID(), `<presence><show>away</show></presence>`)
	per := testing.AllocsPerRun(20, func() { a.SendStanza(st) }) / contacts
	if per > 2 {
		t.Errorf("%.1f allocations a contact", per)
	}
}

// both subscribes an account and a contact to each other, as the account's roster
// has it.
func both(t *testing.T, w *imtest.World, account, contact string) {
	t.Helper()
	_, _, _, err := w.Store.UpdateRoster(t.Context(), account, contact, 0, func(i *storage.RosterItem, _ bool) (bool, error) {
		i.InRoster, i.Subscription = true, storage.Both
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestInitialAllocations: coming online costs next to nothing for contacts who
// are not, however many: storage is not asked for each, nor is a stanza made. A
// look-up in storage takes dozens of allocations.
func TestInitialAllocations(t *testing.T) {
	const contacts = 300
	w := imtest.New(t, imtest.Options{})
	w.Account(t, "romeo@localhost")
	for i := range contacts {
		both(t, w, "romeo@localhost", fmt.Sprintf("contact%d@localhost", i))
	}
	a := w.BindDiscard(t, "romeo@localhost/r")
	here := imtest.Stanza(t, a.JID(), `<presence/>`)
	gone := imtest.Stanza(t, a.JID(), `<presence type='unavailable'/>`)
	got := testing.AllocsPerRun(20, func() {
		a.SendStanza(here)
		a.SendStanza(gone)
	})
	const alone = 200 // what it takes without contacts, and some
	if got > alone+contacts/2 {
		t.Errorf("%v allocations for %d contacts", got, contacts)
	}
}
