package router_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/router"
	"parley/internal/session"
	"parley/stanza"
)

// TestBindLimit: the limit and one more; a resource that is taken over counts
// once.
func TestBindLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *router.Options) { o.MaxResources = 2 })
	w.bind("alice@localhost/1")
	second := w.bind("alice@localhost/2")
	s := session.New(session.Info{JID: jid.MustParse("alice@localhost/3"), Log: w.Log}, second, session.Limits{})
	var refused *stanza.Error
	if err := w.Bind(t.Context(), s); !errors.As(err, &refused) || refused.Condition != stanza.ResourceConstraint {
		t.Errorf("third: %v", err)
	}
	w.bind("alice@localhost/2") // replaces
	w.bind("bob@localhost/3")
	if n := len(w.Sessions(jid.MustParse("alice@localhost"))); n != 2 {
		t.Errorf("%d sessions", n)
	}
	second.leave(true)
	w.EachSession(func(s module.Session) {
		if s == module.Session(second.Session) {
			t.Error("the old session is still known")
		}
	})
}

// TestConflict: RFC 6120 §7.7.2.2: the old one is told, and everybody hears of
// its end before the new one is known.
func TestConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var order []string
	w.Hooks.SessionClosed.Add(module.StageDeliver, func(_ context.Context, s module.Session) error {
		if w.Session(s.JID()) != nil {
			t.Error("the new session is known before the old one has left")
		}
		order = append(order, "closed")
		return nil
	})
	old := w.bind("alice@localhost/x", 0)
	next := w.bind("alice@localhost/x", 0)
	order = append(order, "bound")
	if !slices.Equal(order, []string{"closed", "bound"}) || !slices.Equal(old.ended, []stanza.StreamCondition{stanza.StreamConflict}) {
		t.Errorf("order %v, the old one was told %v", order, old.ended)
	}
	if w.Session(jid.MustParse("alice@localhost/x")) != module.Session(next.Session) {
		t.Error("the new session is not known")
	}
}

// TestManyConflicts: whoever wins, one session is left and all others have left.
func TestManyConflicts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clients := make([]*client, 20)
	var busy sync.WaitGroup
	for i := range clients {
		busy.Go(func() { clients[i] = w.bind("alice@localhost/x", 0) })
	}
	busy.Wait()
	if n := len(w.Sessions(jid.MustParse("alice@localhost"))); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// TestPanicInHandler: a session leaves although a handler panics.
func TestPanicInHandler(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Hooks.SessionClosed.Add(module.StageDeliver, func(context.Context, module.Session) error { panic("test") })
	c := w.bind("alice@localhost/x")
	func() {
		defer func() { _ = recover() }()
		c.leave(true)
	}()
	<-c.Left()
	if w.Session(c.JID()) != nil {
		t.Error("the session is still known")
	}
}

// TestAccountRemoved: its sessions end, the modules hear of it.
func TestAccountRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var removed []string
	w.Hooks.AccountRemoved.Add(module.StageDeliver, func(_ context.Context, account jid.JID) error {
		removed = append(removed, account.String())
		return nil
	})
	a, b := w.bind("alice@localhost/a"), w.bind("alice@localhost/b")
	other := w.bind("bob@localhost/x")
	w.AccountRemoved(t.Context(), jid.MustParse("alice@localhost/a"))
	for _, c := range []*client{a, b} {
		<-c.Left()
		if !slices.Equal(c.ended, []stanza.StreamCondition{stanza.StreamNotAuthorized}) {
			t.Errorf("%s was told %v", c.JID(), c.ended)
		}
	}
	if !slices.Equal(removed, []string{"alice@localhost"}) || len(other.ended) > 0 {
		t.Errorf("removed %v, bob was told %v", removed, other.ended)
	}
}

// TestFlapping: 20 senders write to an account whose session is cut again and
// again. Every message reaches a session or the store, in the order of each
// sender, at least once.
func TestFlapping(t *testing.T) {
	t.Parallel()
	const senders, each, flaps = 20, 100, 50
	w := newWorld(t)
	var busy sync.WaitGroup
	for i := range senders {
		busy.Go(func() {
			from := jid.MustParse("s" + strconv.Itoa(i) + "@localhost/x")
			for n := range each {
				st := module.NewStanza(stanza.Message, "chat", from, jid.MustParse("bob@localhost"))
				st.ID = fmt.Sprintf("%d %d", i, n)
				for _, p := range w.FromClient(context.Background(), &module.Event{Stanza: st}) {
					<-p.Done()
				}
			}
		})
	}
	sent := make(chan struct{})
	go func() { busy.Wait(); close(sent) }()
	var lives [][]string // what each session wrote
	for i := 0; ; i++ {
		c := w.bind("bob@localhost/x", 0)
		if i < flaps {
			c.received() // let something be written
			c.leave(i%5 == 0)
		} else {
			<-sent
			c.leave(true) // its writer has ended then
			lives = append(lives, written(t, c))
			break
		}
		lives = append(lives, written(t, c))
	}
	lives = append(lives, w.offline())
	checkLives(t, lives, senders, each)
}

// written returns the ids of all messages that were ever written to c.
func written(t *testing.T, c *client) []string {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []string
	for _, xml := range append(c.all, c.got...) {
		if e, err := stanza.Parse([]byte(xml)); err == nil && e.Local == "message" {
			ids = append(ids, e.Attr("id"))
		}
	}
	return ids
}

// checkLives: each message is somewhere, and in each life and in the store the
// messages of one sender are in order.
func checkLives(t *testing.T, lives [][]string, senders, each int) {
	t.Helper()
	seen := map[string]bool{}
	for i, ids := range lives {
		last := map[string]int{}
		for _, id := range ids {
			seen[id] = true
			from, number, _ := strings.Cut(id, " ")
			n, _ := strconv.Atoi(number)
			if before, ok := last[from]; ok && n <= before {
				t.Errorf("life %d: sender %s: %d after %d", i, from, n, before)
			}
			last[from] = n
		}
	}
	if len(seen) != senders*each {
		t.Errorf("%d of %d messages arrived", len(seen), senders*each)
	}
}
