package offline_test

import (
	"fmt"
	"sync"
	"testing"

	"parley/internal/xep/offline"
	"parley/internal/xmpptest/imtest"
)

// TestNothingIsLost: while sessions of an account come and go, in order and
// not, and others write to it, every message reaches some session, and one that
// closes in order never gets any that was confirmed before.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{Window: 2000})
	const senders, each = 3, 60
	var busy sync.WaitGroup
	for s := range senders {
		a := w.Bind(t, fmt.Sprintf("romeo@localhost/%d", s))
		var list []string
		for i := range each {
			list = append(list, chat(s*each+i))
		}
		busy.Go(func() {
			for _, xml := range list {
				a.SendStanza(imtest.Stanza(t, a.JID(), xml))
			}
		})
	}
	confirmed := map[string]int{}
	sent := make(chan struct{})
	go func() { busy.Wait(); close(sent) }()
	for round, more := 0, true; more; round++ {
		select {
		case <-sent:
			more = false // one last round finds what is left
		default:
		}
		c := w.Bind(t, fmt.Sprintf("juliet@localhost/%d", round))
		c.Send(`<presence/>`)
		got := ids(t, c.Got())
		if round%3 == 0 && more {
			c.Break()
			continue
		}
		c.Alive()
		got = append(got, ids(t, c.Got())...)
		c.Close()
		got = append(got, ids(t, c.Rest())...)
		for _, id := range got {
			confirmed[id]++
		}
	}
	w.Offline.Wait()
	left := stored(t, w, "juliet@localhost")
	w.HeldBytes = 1 // the last one confirms all it gets, so it gets all
	c := w.Bind(t, juliet)
	c.Send(`<presence/>`)
	for _, id := range ids(t, c.Await(1+left)) {
		confirmed[id]++
	}
	c.Close()
	w.Offline.Wait()
	for i := range senders * each {
		if n := confirmed[fmt.Sprint(i)]; n != 1 {
			t.Errorf("message %d came %d times, want once", i, n)
		}
	}
	if n := stored(t, w, "juliet@localhost"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}
