package blocking_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/internal/module"
	"parley/internal/xep/blocking"
	"parley/internal/xmpptest/imtest"
)

// slow is a store that stops in the middle of reading a list, when asked to.
type slow struct {
	blocking.Store
	mu      sync.Mutex
	reading chan struct{} // guarded by mu; nil: does not stop
	goOn    chan struct{} // guarded by mu
	fail    bool          // the read that stops fails; set before it
}

func (s *slow) stop() (reading, goOn chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading, s.goOn = make(chan struct{}), make(chan struct{})
	return s.reading, s.goOn
}

func (s *slow) Blocks(ctx context.Context, account string) ([]string, error) {
	list, err := s.Store.Blocks(ctx, account)
	s.mu.Lock()
	reading, goOn := s.reading, s.goOn
	s.reading, s.goOn = nil, nil
	s.mu.Unlock()
	if reading != nil {
		close(reading)
		<-goOn
		if s.fail {
			return nil, errors.New("the database is away")
		}
	}
	return list, err
}

func newSlow(t *testing.T) (*world, *slow) {
	t.Helper()
	w := &world{World: imtest.New(t, imtest.Options{})}
	store := &slow{Store: w.Store}
	w.blocking = blocking.New(store, w.Presence, blocking.Options{})
	w.Presence.SetBarrier(w.blocking)
	w.Add(w.blocking)
	w.Account(t, "romeo@localhost", "juliet@localhost")
	return w, store
}

// Who reads a list while its owner changes it, and is done later, does not bring
// back what it was.
func TestReadDuringChange(t *testing.T) {
	t.Parallel()
	w, store := newSlow(t)
	remote := w.Remote(t)
	reading, goOn := store.stop()
	var done sync.WaitGroup
	done.Go(func() { // nobody is logged in, so the list is read
		remote.Send("romeo@example.net", "<message id='x' type='chat' to='juliet@localhost'><body>a</body></message>")
	})
	<-reading
	j := w.online(t, juliet)[0]
	do(j, "block", "romeo@example.net")
	j.Close()
	close(goOn)
	done.Wait()
	remote.Got()
	remote.Send("romeo@example.net", "<message id='x' type='chat' to='juliet@localhost'><body>b</body></message>")
	if got := remote.Got(); len(got) != 1 || !strings.Contains(got[0], "<service-unavailable") {
		t.Errorf("who is blocked was told %q", got)
	}
}

// Who cannot read a list does not take it from who could.
func TestUnreadableForOne(t *testing.T) {
	t.Parallel()
	w, store := newSlow(t)
	r := w.online(t, romeo)[0]
	reading, goOn := store.stop()
	store.fail = true
	var done sync.WaitGroup
	done.Go(func() { w.Bind(t, chamber) })
	<-reading
	j := w.online(t, juliet)[0]
	do(j, "block", "romeo@localhost")
	close(goOn)
	done.Wait()
	r.Ask(each(juliet)["message"], gone("message", juliet, romeo))
	j.Ask(each(romeo)["message"], refused("message", romeo, juliet))
}

// Lists of accounts without sessions are kept, but not all that there are.
func TestManyAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	j := w.Bind(t, juliet)
	do(j, "block", "romeo@localhost")
	j.Close()
	r := w.online(t, romeo)[0]
	r.Ask(each("juliet@localhost")["iq"], gone("iq", "juliet@localhost", romeo))
	for i := range blocking.MaxAway {
		w.blocking.Empty(fmt.Sprintf("nobody%d@localhost", i))
	}
	if n := w.blocking.Away(); n > blocking.MaxAway {
		t.Errorf("%d lists are kept, at most %d should be", n, blocking.MaxAway)
	}
	r.Ask(each("juliet@localhost")["iq"], gone("iq", "juliet@localhost", romeo))
}

// No list outlives the sessions.
func TestCacheEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	clients := w.online(t, juliet, chamber, romeo)
	do(clients[0], "block", "a@b")
	for i, want := range []int{2, 2, 1, 0} {
		if n := w.blocking.Online(); n != want {
			t.Errorf("%d clients less: %d lists are kept, want %d", i, n, want)
		}
		if i < len(clients) {
			clients[i].Close()
		}
	}
}

// What two clients change at once ends in one list, the same in memory and in
// storage, and each of them is told of all of it.
func TestChangesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	clients := w.online(t, juliet, chamber)
	var all sync.WaitGroup
	for _, c := range clients {
		c.Send(command("blocklist"))
		c.Got()
	}
	for i, c := range clients {
		all.Go(func() {
			for k := range 20 {
				c.Send(command([]string{"block", "unblock"}[k%2], "shared@example.net"))
				c.Send(command("block", fmt.Sprintf("a%d-%d@example.net", i, k)))
			}
		})
	}
	all.Wait()
	for _, c := range clients {
		if got := c.Got(); len(got) != 40+80 {
			t.Errorf("%s got %d stanzas, want 40 results and 80 pushes", c.JID(), len(got))
		}
	}
	stored, err := w.Store.Blocks(t.Context(), "juliet@localhost")
	if err != nil {
		t.Fatal(err)
	}
	clients[0].Ask(command("blocklist"), blocklist(juliet, stored...))
}

// Sessions that are made again after a restart are not bound: their lists are read
// when they are needed, also for presence, and they still get pushes.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	w.friends(t, "juliet@localhost", "romeo@localhost")
	clients := w.online(t, juliet, romeo)
	j, r := clients[0], clients[1]
	j.Send(command("blocklist"))
	do(j, "block", "romeo@localhost")
	r.Got()
	saved := map[string]string{}
	for _, v := range w.Router.SavedValues() {
		saved[v.Name] = v.Save(j.Session)
		if v.Name == "blocking.some" && v.Save(r.Session) != "" {
			t.Error("a list without addresses is noted")
		}
	}
	j.Close()
	j = w.Bind(t, juliet)
	w.blocking.Forget("juliet@localhost")
	for _, v := range w.Router.SavedValues() {
		if saved[v.Name] != "" {
			v.Load(j.Session, saved[v.Name])
		}
	}
	j.Ask("<presence/>", here(juliet, juliet))
	r.Expect()
	j.Ask(each(romeo)["message"], refused("message", romeo, juliet))
	j.Ask(command("unblock"), result(juliet, ""), push(juliet, "unblock"), here(romeo, juliet))
}

// A client that comes while the last one goes is not left without a list.
func TestComeWhileGoing(t *testing.T) {
	t.Parallel()
	for lookup := range 2 {
		w := newWorld(t, blocking.Options{})
		j := w.Bind(t, juliet)
		do(j, "block", "romeo@localhost")
		var other *imtest.Client
		w.blocking.AfterSessions(lookup+1, func() { other = w.Bind(t, chamber) })
		j.Close()
		other.Ask(each(romeo)["message"], refused("message", romeo, chamber))
	}
}

// XEP-0191 §3.1, XEP-0377 §3.
func TestFeatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	for _, feature := range []string{blocking.NS, blocking.NSReporting} {
		if !slices.Contains(w.Router.AnnouncedFeatures(module.ToServer), feature) {
			t.Errorf("the server does not announce %s", feature)
		}
	}
}
