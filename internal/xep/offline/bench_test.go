package offline_test

import (
	"fmt"
	"testing"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/offline"
	"parley/internal/xmpptest/imtest"
	"parley/storage"
)

// written is a write that is complete.
type written struct{}

func (written) Done() <-chan struct{} { return closed }
func (written) Err() error            { return nil }
func (written) Then(f func())         { f() }

// settled is a store whose marks go at once.
type settled struct{ offline.Store }

func (settled) SettleMessages([]storage.MessageRef) storage.Pending { return written{} }

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// BenchmarkTracked is what the tracking of one message costs that is stored, sent
// to a number of clients and acknowledged by all, without the writes.
func BenchmarkTracked(b *testing.B) {
	for _, n := range []int{1, 4} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := worldOf(b, imtest.Options{OfflineStore: func(s offline.Store) offline.Store { return settled{s} }})
			var all []module.Session
			for i := range n {
				c := w.BindDiscard(b, fmt.Sprintf("juliet@localhost/%d", i))
				c.Send(`<presence/>`)
				all = append(all, c.Session)
			}
			st := imtest.Stanza(b, jid.MustParse(romeo), chat(1))
			account := jid.MustParse("juliet@localhost")
			b.ReportAllocs()
			for b.Loop() {
				t := w.Offline.Track(account, w.Store.NewMessageID(), written{})
				for _, s := range all {
					if !t.Takes(s, st) {
						b.Fatal("a client is behind")
					}
				}
				t.Sent(n)
				for range all {
					t.Delivered(st)
				}
			}
		})
	}
}

// BenchmarkFetch is what it costs to bring a session what waits, for a message.
func BenchmarkFetch(b *testing.B) {
	w := world(b, offline.Options{})
	const rows = 900
	a := w.Bind(b, romeo)
	for i := range rows {
		a.SendStanza(imtest.Stanza(b, a.JID(), chat(i)))
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n++; n%rows != 1 {
			continue // one session takes them all
		}
		c := w.BindDiscard(b, juliet)
		c.Send(`<presence/>`)
		c.Break()
	}
}
