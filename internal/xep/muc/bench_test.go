package muc_test

import (
	"fmt"
	"testing"

	"parley/internal/xep/muc"
	"parley/internal/xmpptest/imtest"
)

// crowd is a room whose owner is in it, and n others who are not yet. What they
// are sent is only counted.
func crowd(b *testing.B, n int) (owner *imtest.Client, others []*imtest.Client) {
	b.Helper()
	w := newWorld(b, func(o *muc.Options) { o.Occupants = 10_000 })
	w.QueueBytes = 0
	owner = w.BindDiscard(b, crone)
	owner.Send(join("firstwitch", ""))
	owner.Send(config("make", "persistentroom", "1"))
	for i := range n {
		account := fmt.Sprintf("witch%d@localhost", i)
		w.Account(b, account)
		others = append(others, w.BindDiscard(b, account+"/x"))
	}
	return owner, others
}

// BenchmarkGroupchat is a message to all occupants and the archive; ns/delivery
// is what each copy takes until it is in a session's queue or beyond.
func BenchmarkGroupchat(b *testing.B) {
	for _, n := range []int{300, 1000, 5000} {
		b.Run(fmt.Sprintf("occupants=%d", n), func(b *testing.B) {
			owner, others := crowd(b, n)
			for _, c := range others {
				c.Send(join(c.JID().Local(), "<history maxstanzas='0'/>"))
			}
			st := imtest.Stanza(b, owner.JID(), groupchat("g", "Thrice the brinded cat hath mew'd. Thrice and once the hedge-pig whined."))
			b.ReportAllocs()
			for b.Loop() {
				owner.SendStanza(st.For(st.To))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n+1), "ns/delivery")
		})
	}
}

// BenchmarkJoinStorm has everybody enter one after the other: each of n sees all
// the others.
func BenchmarkJoinStorm(b *testing.B) {
	for _, n := range []int{300, 1000} {
		b.Run(fmt.Sprintf("occupants=%d", n), func(b *testing.B) {
			_, others := crowd(b, n)
			b.ReportAllocs()
			for b.Loop() {
				for _, c := range others {
					c.Send(join(c.JID().Local(), "<history maxstanzas='0'/>"))
				}
				b.StopTimer()
				for _, c := range others {
					c.Send("<presence type='unavailable' to='" + room + "/x'/>")
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n*n), "ns/presence")
		})
	}
}
