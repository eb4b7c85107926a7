package presence_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"parley/internal/xmpptest/imtest"
	"parley/internal/xmpptest/xmlmatch"
	"parley/stanza"
)

// last returns the last presence among got that comes from full: its status,
// or its type.
func last(t *testing.T, got []string, full string) string {
	t.Helper()
	word := ""
	for _, xml := range got {
		e, err := xmlmatch.Parse(xml)
		if err != nil {
			t.Fatal(err)
		}
		if e.Is(stanza.NSClient, "presence") && e.Attr("from") == full {
			word = e.Attr("type") + e.Child(stanza.NSClient, "status").Text()
		}
	}
	return word
}

// TestLastWord: one changes his presence again and again while the other comes
// online and is subscribed and unsubscribed. What the other hears last of him
// is what he said last.
func TestLastWord(t *testing.T) {
	t.Parallel()
	w := world(t, imtest.Options{})
	subscribe(t, w, "romeo@localhost", "juliet@localhost", true)
	for round := range 10 {
		full := fmt.Sprintf("romeo@localhost/%d", round)
		a := w.Bind(t, full)
		a.Send(`<presence><status>0</status></presence>`)
		watchers := make([]*imtest.Client, 3)
		for i := range watchers {
			watchers[i] = w.Bind(t, fmt.Sprintf("juliet@localhost/%d-%d", round, i))
		}
		var busy sync.WaitGroup
		busy.Go(func() {
			for i := range 40 {
				a.SendStanza(imtest.Stanza(t, a.JID(), fmt.Sprintf(`<presence><status>%d</status></presence>`, i)))
			}
		})
		for _, b := range watchers {
			busy.Go(func() {
				b.SendStanza(imtest.Stanza(t, b.JID(), `<presence/>`))
				b.SendStanza(imtest.Stanza(t, b.JID(), `<presence type='probe' to='romeo@localhost'/>`))
			})
		}
		busy.Wait()
		for _, b := range watchers {
			if got := last(t, b.Got(), full); got != "39" {
				t.Fatalf("round %d: %s heard %q last", round, b.JID(), got)
			}
			b.Close()
		}
		a.Close()
	}
}

// TestLastGoodbye: the same with a session that ends meanwhile.
func TestLastGoodbye(t *testing.T) {
	t.Parallel()
	w := world(t, imtest.Options{})
	subscribe(t, w, "romeo@localhost", "juliet@localhost", true)
	for round := range 20 {
		full := fmt.Sprintf("romeo@localhost/%d", round)
		a := w.Bind(t, full)
		a.Send(`<presence/>`)
		b := w.Bind(t, fmt.Sprintf("juliet@localhost/%d", round))
		var busy sync.WaitGroup
		busy.Go(func() {
			if round%2 == 0 {
				a.SendStanza(imtest.Stanza(t, a.JID(), `<presence type='unavailable'/>`))
			}
			a.Close()
		})
		busy.Go(func() { b.SendStanza(imtest.Stanza(t, b.JID(), `<presence/>`)) })
		busy.Wait()
		got := b.Got()
		if word := last(t, got, full); word != "" && word != "unavailable" || word == "" && strings.Contains(strings.Join(got, ""), "from='"+full+"'") {
			t.Fatalf("round %d: heard %s", round, got)
		}
		b.Close()
	}
}
