package roster_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"parley/internal/jid"
	"parley/internal/xmpptest/imtest"
	"parley/storage"

	"pgregory.net/rapid"
)

// moves are all a user can do about one contact.
var moves = []string{
	`<presence to='%s' type='subscribe'/>`,
	`<presence to='%s' type='subscribed'/>`,
	`<presence to='%s' type='unsubscribe'/>`,
	`<presence to='%s' type='unsubscribed'/>`,
	`<iq type='set' id='m'><query xmlns='jabber:iq:roster'><item jid='%s' name='N'><group>G</group></item></query></iq>`,
	`<iq type='set' id='m'><query xmlns='jabber:iq:roster'><item jid='%s' subscription='remove'/></query></iq>`,
}

// compatible reports how two accounts disagree about each other: what one side
// sees the other shows, and what one has asked for waits at the other.
func compatible(a, b storage.RosterItem) error {
	for _, side := range [][2]storage.RosterItem{{a, b}, {b, a}} {
		mine, theirs := side[0], side[1]
		sees, shows := mine.Subscription&storage.To != 0, theirs.Subscription&storage.From != 0
		if sees != shows || mine.Ask != theirs.PendingIn {
			return fmt.Errorf("the two sides differ:\n%+v\n%+v", mine, theirs)
		}
		if mine.Ask && sees || mine.PendingIn && mine.Subscription&storage.From != 0 {
			return fmt.Errorf("no state of Appendix A: %+v", mine)
		}
		if !mine.InRoster && (mine.Ask || mine.Approved || mine.Subscription != storage.None) {
			return fmt.Errorf("not in the roster: %+v", mine)
		}
	}
	return nil
}

// cacheAgrees compares what is kept in memory of an account with its item.
func cacheAgrees(t fataler, w *imtest.World, account, contact string, item storage.RosterItem) {
	s, err := w.Roster.Contacts(t.Context(), jid.MustParse(account))
	if err != nil {
		t.Fatalf("%v", err)
	}
	c, _ := s.Item(jid.MustParse(contact))
	want := uint8(item.Subscription)
	if item.Ask {
		want |= 4
	}
	if item.PendingIn {
		want |= 8
	}
	if uint8(c.State) != want || c.Listed != item.InRoster {
		t.Fatalf("%s: in memory %v, stored %+v", account, c, item)
	}
}

// TestTwoAccountsAgree: whatever two users of this server do one after another,
// their rosters stay compatible.
func TestTwoAccountsAgree(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		a, b := fmt.Sprintf("a%d@localhost", n), fmt.Sprintf("b%d@localhost", n)
		w.Account(t, a, b)
		clients := map[string]*imtest.Client{a: w.Bind(t, a+"/x"), b: w.Bind(t, b+"/x")}
		defer clients[a].Close()
		defer clients[b].Close()
		if rapid.Bool().Draw(rt, "b is available") {
			clients[b].Send(`<presence/>`)
		}
		for range rapid.IntRange(1, 8).Draw(rt, "moves") {
			who, other := a, b
			if rapid.Bool().Draw(rt, "b moves") {
				who, other = b, a
			}
			clients[who].Send(fmt.Sprintf(rapid.SampledFrom(moves).Draw(rt, "move"), other))
			ia, ib := item(t, w, a, b), item(t, w, b, a)
			if err := compatible(ia, ib); err != nil {
				rt.Fatal(err)
			}
			cacheAgrees(rt, w, a, b, ia)
			cacheAgrees(rt, w, b, a, ib)
		}
	})
}

// TestTwoAccountsAgreeAtOnce: so they do when all their resources act at once.
func TestTwoAccountsAgreeAtOnce(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	const a, b = "a@localhost", "b@localhost"
	w.Account(t, a, b)
	for round := range 8 {
		var busy sync.WaitGroup
		for i, who := range []string{a, a, b, b} {
			other := b
			if who == b {
				other = a
			}
			c := w.Bind(t, fmt.Sprintf("%s/%d-%d", who, round, i))
			c.Send(getRoster)
			c.Send(`<presence/>`)
			random := rand.New(rand.NewPCG(uint64(round), uint64(i)))
			busy.Go(func() {
				defer c.Close()
				for range 20 {
					st := imtest.Stanza(t, c.JID(), fmt.Sprintf(moves[random.IntN(len(moves))], other))
					c.SendStanza(st)
				}
			})
		}
		busy.Wait()
		if err := compatible(item(t, w, a, b), item(t, w, b, a)); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}
