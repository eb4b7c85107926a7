package presence_test

import (
	"fmt"
	"testing"

	"parley/internal/xmpptest/imtest"
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

// BenchmarkFanOut sends a presence to 1000 contacts; the figures are for the
// whole broadcast.
func BenchmarkFanOut(b *testing.B) {
	const contacts = 1000
	a := fanOut(b, contacts)
	st := imtest.Stanza(b, a.JID(), `<presence><show>away</show><status>s</status><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.org' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>`)
	b.ReportAllocs()
	for b.Loop() {
		a.SendStanza(st)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/contacts, "ns/contact")
}

// BenchmarkInitial is coming online with 1000 contacts who are there.
func BenchmarkInitial(b *testing.B) {
	a := fanOut(b, 1000)
	here := imtest.Stanza(b, a.JID(), `<presence/>`)
	gone := imtest.Stanza(b, a.JID(), `<presence type='unavailable'/>`)
	b.ReportAllocs()
	for b.Loop() {
		a.SendStanza(gone)
		a.SendStanza(here)
	}
}

// TestFanOutAllocations: a broadcast costs a contact the addressed stanza and,
// now and then, the queue that an idle session does not keep. It counts what
// the whole process allocates, so it does not run beside others.
func TestFanOutAllocations(t *testing.T) {
	const contacts = 100
	a := fanOut(t, contacts)
	st := imtest.Stanza(t, a.JID(), `<presence><show>away</show></presence>`)
	per := testing.AllocsPerRun(20, func() { a.SendStanza(st) }) / contacts
	if per > 4 {
		t.Errorf("%.1f allocations a contact", per)
	}
}
