package c2s_test

import (
	"maps"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/xmpptest"
	"parley/stanza"
)

// TestChaos: clients write to each other over connections that are cut at any
// byte, and resume, in turn or twice at once, close, or begin anew. What was
// acknowledged arrives, in order and once in a session; the counts are right;
// no session is left (XEP-0198 §4 to §6).
func TestChaos(t *testing.T) {
	t.Parallel()
	for _, archive := range []string{"always", "never"} {
		t.Run(archive, func(t *testing.T) {
			t.Parallel()
			chaos(t, archive)
		})
	}
}

func chaos(t *testing.T, archive string) {
	const seed, users, steps = 3, 4, 20
	s := start(t, func(c *config.Config) {
		c.Limits, c.Archive.Default = c.Limits.Off(), archive
		c.Limits.ResumeTime, c.Limits.PingInterval, c.Limits.Unacked = 2*time.Second, time.Second, 16
	})
	l := &ledger{acked: map[string]string{}, got: map[string]bool{}}
	var names []string
	for i := range users {
		names = append(names, "u"+strconv.Itoa(i))
		s.AddUser(t, names[i])
	}
	var all sync.WaitGroup
	for i, name := range names {
		p := &chaosPeer{
			t: t, s: s, ledger: l, name: name, others: names, numbers: map[string]int{},
			bind2: archive == "never", // else what waits is left to the archive (XEP-0386 §4)
			rng:   rand.New(rand.NewPCG(seed, uint64(i))),
		}
		all.Go(func() { p.run(steps) })
	}
	all.Wait()
	if t.Failed() {
		return
	}
	for _, name := range names {
		collect(t, s, l, name)
		noSession(t, s, name)
	}
}

// ledger is what all clients together know.
type ledger struct {
	mu    sync.Mutex
	acked map[string]string // by id of the message: to whom it goes
	got   map[string]bool   // ids
}

func (l *ledger) missing(to string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var ids []string
	for id, name := range l.acked {
		if name == to && !l.got[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

func (l *ledger) note(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// collect logs in until everything has come that was promised.
func collect(t *testing.T, s *xmpptest.Server, l *ledger, name string) {
	t.Helper()
	c := s.Dial(t, xmpptest.TCP, name, "")
	c.Send("<presence/>")
	for deadline := time.Now().Add(xmpptest.Patience); len(l.missing(name)) > 0; {
		l.note(func() {
			for _, id := range messageIDs(c.Drain()) {
				l.got[id] = true
			}
		})
		if time.Now().After(deadline) {
			t.Fatalf("%s was not sent %v", name, l.missing(name))
		}
	}
	c.Disconnect()
}

// noSession waits until the account's last session without a stream is over.
func noSession(t *testing.T, s *xmpptest.Server, name string) {
	t.Helper()
	c := s.Dial(t, xmpptest.TCP, name, "")
	c.Send("<presence><priority>-1</priority></presence>")
	there := map[string]bool{}
	note := func(e *stanza.Element) {
		if from := e.Attr("from"); e.Local == "presence" && from != c.JID {
			there[from] = e.Attr("type") == ""
		}
	}
	for _, it := range c.Drain() {
		note(it.Tree)
	}
	for maps.DeleteFunc(there, func(_ string, here bool) bool { return !here }); len(there) > 0; {
		note(c.NextElement())
		maps.DeleteFunc(there, func(_ string, here bool) bool { return !here })
	}
}
