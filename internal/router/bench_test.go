package router_test

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/router"
	"parley/internal/session"
	"parley/stanza"
)

// sink is a connection that takes everything and counts.
type sink struct {
	mu   sync.Mutex
	some sync.Cond
	n    int // guarded by mu
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

func newSink() *sink {
	s := new(sink)
	s.some.L = &s.mu
	return s
}

func (s *sink) WriteStanzas(batch []*module.Stanza, _ ...[]byte) error {
	buf := buffers.Get().(*[]byte)
	for _, st := range batch {
		*buf = st.AppendTo((*buf)[:0])
	}
	buffers.Put(buf)
	s.mu.Lock()
	s.n += len(batch)
	s.mu.Unlock()
	s.some.Broadcast()
	return nil
}

func (s *sink) WriteEnd(*stanza.StreamError) {}
func (s *sink) Abort()                       {}
func (s *sink) Probe()                       {}
func (s *sink) Hurry()                       {}
func (s *sink) Unacked() int                 { return 0 }

// await waits until n stanzas have been written since the last call.
func (s *sink) await(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.n < n {
		s.some.Wait()
	}
	s.n -= n
}

func benchSession(b *testing.B, r *router.Router, full string, to *sink) *session.Session {
	s := session.New(session.Info{JID: jid.MustParse(full), Log: r.Log, Undelivered: r.Undelivered}, to, session.Limits{HeldBytes: 256 << 10})
	if err := r.Bind(b.Context(), s); err != nil {
		b.Fatal(err)
	}
	s.Start()
	s.SetPresence(&module.Availability{})
	b.Cleanup(func() { s.Close(true) })
	return s
}

func benchRouter() *router.Router {
	return router.New(router.Options{Domain: jid.MustParse("localhost"), Users: users{}, Log: slog.New(slog.DiscardHandler)})
}

// BenchmarkMessage is a chat message from one session to another: scanned,
// routed, queued, written.
func BenchmarkMessage(b *testing.B) {
	r := benchRouter()
	to := newSink()
	alice := benchSession(b, r, "alice@localhost/a", newSink())
	bob := benchSession(b, r, "bob@localhost/b", to)
	raw := []byte("<message xmlns='jabber:client' to='bob@localhost/b' type='chat' id='m1'><body>Wherefore art thou, Romeo?</body></message>")
	var scanner stanza.Scanner
	var v stanza.View
	b.ReportAllocs()
	for b.Loop() {
		if err := scanner.Scan(raw, &v); err != nil {
			b.Fatal(err)
		}
		st := &module.Stanza{Kind: v.Kind, From: alice.JID(), To: bob.JID(), ID: string(v.ID), Type: "chat", Payload: v.Payload, Children: v.Children}
		r.FromClient(b.Context(), &module.Event{Stanza: st.Borrow(), Session: alice})
		to.await(1)
		bob.Alive()
	}
}

// BenchmarkFanOut is one presence for each of a thousand sessions.
func BenchmarkFanOut(b *testing.B) {
	const n = 1000
	r := benchRouter()
	to := newSink()
	var sessions []*session.Session
	for i := range n {
		sessions = append(sessions, benchSession(b, r, fmt.Sprintf("user%d@localhost/x", i), to))
	}
	presence := module.NewStanza(stanza.Presence, "", jid.MustParse("alice@localhost/a"), jid.JID{}, stanza.New(stanza.NSClient, "status").AddText("away"))
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range sessions {
			s.Send(presence.For(s.JID().Bare()))
		}
		to.await(n)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/notification")
}
