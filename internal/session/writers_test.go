package session_test

import (
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/session"
	"parley/stanza"
)

// sharing makes sessions that share their writers.
func sharing(writers *session.Writers, n int) ([]*session.Session, []*wire) {
	var sessions []*session.Session
	var wires []*wire
	for i := range n {
		w := newWire()
		s := session.New(session.Info{
			JID: jid.MustParse(fmt.Sprintf("a%d@b/c", i)), Log: slog.New(slog.DiscardHandler),
			Undelivered: func(*module.Stanza) {}, Writers: writers,
		}, w, session.Limits{})
		s.Start()
		sessions, wires = append(sessions, s), append(wires, w)
	}
	return sessions, wires
}

// TestWritersOrder: each session writes all it was given, in order, whoever
// lends it a goroutine.
func TestWritersOrder(t *testing.T) {
	t.Parallel()
	const rounds, n = 20, 50
	var writers session.Writers
	sessions, wires := sharing(&writers, n)
	var senders sync.WaitGroup
	for _, s := range sessions {
		senders.Go(func() { send(s, 0, rounds) })
	}
	senders.Wait()
	for i, w := range wires {
		w.written(rounds)
		for j, id := range w.wrote {
			if id != fmt.Sprint(j) {
				t.Fatalf("session %d wrote %v", i, w.wrote)
			}
		}
		sessions[i].Close(true)
	}
	writers.Wait()
}

// TestWritersStuck: clients that do not read, more than there are goroutines at
// a time, hold up nobody else; when they read again they get what waits.
func TestWritersStuck(t *testing.T) {
	t.Parallel()
	stuck := 3*runtime.GOMAXPROCS(0) + 2
	var writers session.Writers
	sessions, wires := sharing(&writers, stuck+1)
	for i := range stuck {
		wires[i].update(func() { wires[i].stuck = true })
		sessions[i].Send(message(1))
	}
	sessions[stuck].Send(message(1))
	wires[stuck].written(1)
	for i := range stuck {
		wires[i].wait(func() bool { return wires[i].stalled })
		wires[i].update(func() { wires[i].stuck = false })
		sessions[i].Send(message(2))
		wires[i].written(2)
	}
	for _, s := range sessions {
		s.Close(true)
	}
	writers.Wait()
}

// TestWritersGoodbye: a client that takes its time over the end of the stream
// keeps no goroutine that others wait for, and Close waits for it.
func TestWritersGoodbye(t *testing.T) {
	t.Parallel()
	var writers session.Writers
	sessions, wires := sharing(&writers, 200)
	for _, s := range sessions {
		s.End(&stanza.StreamError{Condition: stanza.StreamSystemShutdown})
	}
	for i, s := range sessions {
		wires[i].wait(func() bool { return wires[i].ended })
		s.Close(true)
	}
	writers.Wait()
}

// null takes everything.
type null struct{ written sync.WaitGroup }

func (n *null) WriteStanzas(batch []*module.Stanza, _ ...[]byte) error {
	n.written.Add(-len(batch))
	return nil
}
func (*null) WriteEnd(*stanza.StreamError) {}
func (*null) Abort()                       {}
func (*null) Probe()                       {}
func (*null) Hurry()                       {}
func (*null) Unacked() int                 { return 0 }

// BenchmarkSend gives one stanza to 200 sessions, which write it to nowhere: what
// a queue and a writer cost, with goroutines that are shared or not.
func BenchmarkSend(b *testing.B) {
	for name, writers := range map[string]*session.Writers{"shared": new(session.Writers), "own": nil} {
		b.Run(name, func(b *testing.B) {
			const n = 200
			stream := new(null)
			var sessions []*session.Session
			for i := range n {
				s := session.New(session.Info{JID: jid.MustParse(fmt.Sprintf("a%d@b/c", i)), Log: slog.New(slog.DiscardHandler), Writers: writers}, stream, session.Limits{})
				s.Start()
				sessions = append(sessions, s)
			}
			st := module.NewStanza(stanza.Presence, "", jid.MustParse("x@b/y"), jid.MustParse("a@b"), stanza.New(stanza.NSClient, "status").AddText("away"))
			b.ReportAllocs()
			for b.Loop() {
				stream.written.Add(n)
				for _, s := range sessions {
					s.Send(st)
				}
				stream.written.Wait()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/session")
			for _, s := range sessions {
				s.Close(true)
			}
		})
	}
}
