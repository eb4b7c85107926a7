package carbons_test

import (
	"fmt"
	"testing"

	"parley/internal/module"
	"parley/internal/xmpptest/imtest"
)

// BenchmarkReceived: what carbons cost a message that others want a copy of, for
// a number of them, and one that nobody wants.
func BenchmarkReceived(b *testing.B) {
	for name, n := range map[string]int{"none": 0, "one": 1, "four": 4} {
		b.Run(name, func(b *testing.B) {
			w := world(b)
			w.QueueBytes = 1 << 30 // the clients read as fast as they can
			a := w.BindDiscard(b, romeo)
			for i := range n {
				want(w.BindDiscard(b, fmt.Sprintf("%s%d", home, i)))
			}
			st := imtest.Stanza(b, a.JID(), `<message to='`+romeo+`' type='chat' id='1'>`+body+`</message>`)
			ev := &module.Event{Stanza: st, Receivers: []module.Session{a.Session}}
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Router.Hooks.MessageCopy.Run(b.Context(), ev); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
