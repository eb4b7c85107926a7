package clients_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	killRoom       = "coven@conference.localhost"
	killRoomRounds = 4
	killSpeakers   = 3
)

// roomCampaign remembers what the server has confirmed of one room.
type roomCampaign struct {
	p *parley

	mu       sync.Mutex
	said     map[string]int // by who, numbered from 0; guarded by mu
	members  []string       // guarded by mu
	requests int            // of this round; guarded by mu
	deadly   int            // fixed in a round
	reached  chan struct{}
}

// SIGKILL at any moment takes nothing from a room that somebody saw confirmed:
// its configuration, its members, what was said. And nothing is there twice.
func TestKillRooms(t *testing.T) {
	t.Parallel()
	for name, url := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParley(t, url(t))
			p.env = append(p.env, "PARLEY_REQUIRE_TLS=false", "PARLEY_SASL_ITERATIONS=4096", "PARLEY_LOG_LEVEL=warn")
			c := &roomCampaign{p: p, said: map[string]int{}}
			p.start(t)
			owner := c.enters(t, "owner", true)
			owner.does(t, c.configure(owner))
			p.kill(t)
			for round := range killRoomRounds {
				c.round(t, round)
			}
			p.start(t)
			c.check(t)
		})
	}
}

// enters registers a user, if it is new, and takes it into the room.
func (c *roomCampaign) enters(t *testing.T, user string, fresh bool) *wire {
	t.Helper()
	w, err := dialPlain(c.p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	w.does(t, w.begin())
	if fresh {
		w.does(t, w.register(user, secret(user)))
	}
	w.does(t, w.login(user, secret(user)),
		w.send("<presence xmlns='jabber:client' to='"+killRoom+"/"+user+"'><x xmlns='http://jabber.org/protocol/muc'/></presence>"), w.ping(nil))
	return w
}

func (c *roomCampaign) configure(owner *wire) error {
	_, err := owner.askAt(killRoom, "set", "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"+
		"<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"+
		"<field var='muc#roomconfig_roomname'><value>A Dark Cave</value></field>"+
		"<field var='muc#roomconfig_persistentroom'><value>1</value></field></x></query>", nil)
	return err
}

func (c *roomCampaign) round(t *testing.T, round int) {
	t.Helper()
	c.p.start(t)
	c.requests, c.deadly, c.reached = 0, 20+rand.IntN(200), make(chan struct{})
	owner := c.enters(t, "owner", false)
	var working sync.WaitGroup
	working.Go(func() { c.must(t, c.appoint(owner, round)) })
	for i := range killSpeakers {
		user := fmt.Sprintf("witch-%d-%d", round, i)
		w := c.enters(t, user, true)
		working.Go(func() { c.must(t, c.speak(w, user)) })
	}
	select {
	case <-c.reached:
	case <-time.After(patience):
		t.Errorf("round %d: the server does not answer", round)
	}
	<-time.After(rand.N(3 * time.Millisecond)) // at any point of the request
	c.p.kill(t)
	working.Wait()
}

// must: nothing but a dead server is a reason to end.
func (c *roomCampaign) must(t *testing.T, err error) {
	t.Helper()
	var no refusal
	if errors.As(err, &no) {
		t.Error(err)
	}
}

// count ends the round when enough was asked for.
func (c *roomCampaign) count() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests++; c.requests == c.deadly {
		close(c.reached)
	}
}

// appoint makes members, until the server dies.
func (c *roomCampaign) appoint(owner *wire, round int) error {
	for n := 0; ; n++ {
		who := fmt.Sprintf("member-%d-%d@localhost", round, n)
		c.count()
		_, err := owner.askAt(killRoom, "set", "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='member' jid='"+who+"'/></query>", func(node) {})
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.members = append(c.members, who)
		c.mu.Unlock()
	}
}

// speak says numbers; the answer to a ping confirms those before it, since a
// stream is handled in order.
func (c *roomCampaign) speak(w *wire, user string) error {
	for n := 0; ; n += 3 {
		for i := range 3 {
			if err := w.send(fmt.Sprintf("<message xmlns='jabber:client' type='groupchat' to='%s'><body>%s %d</body></message>", killRoom, user, n+i)); err != nil {
				return err
			}
			c.count()
		}
		if err := w.ping(func(node) {}); err != nil {
			return err
		}
		c.mu.Lock()
		c.said[user] = n + 3
		c.mu.Unlock()
	}
}

func (c *roomCampaign) check(t *testing.T) {
	t.Helper()
	owner := c.enters(t, "owner", false)
	info, err := owner.askAt(killRoom, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", nil)
	owner.does(t, err)
	if got := info.child("query").child("identity").attr("name"); got != "A Dark Cave" {
		t.Errorf("the room is called %q", got)
	}
	list, err := owner.askAt(killRoom, "get", "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='member'/></query>", nil)
	owner.does(t, err)
	is := map[string]bool{}
	for _, item := range list.child("query").Children {
		is[item.attr("jid")] = true
	}
	for _, who := range c.members {
		if !is[who] {
			t.Errorf("%s was confirmed as a member and is none", who)
		}
	}
	seen := c.archive(t, owner)
	total := 0
	for user, n := range c.said {
		for i := range n {
			if body := fmt.Sprintf("%s %d", user, i); seen[body] != 1 {
				t.Errorf("%q was confirmed and is there %d times", body, seen[body])
			}
		}
		total += n
	}
	if twice := slices.IndexFunc(slices.Collect(maps.Values(seen)), func(n int) bool { return n > 1 }); twice >= 0 {
		t.Error("something is there twice")
	}
	t.Logf("%d messages and %d members were confirmed", total, len(c.members))
}

// archive reads the whole archive of the room and counts what was said.
func (c *roomCampaign) archive(t *testing.T, w *wire) map[string]int {
	t.Helper()
	seen, after := map[string]int{}, ""
	for {
		set := "<set xmlns='http://jabber.org/protocol/rsm'><max>100</max>" + after + "</set>"
		fin, err := w.askAt(killRoom, "set", "<query xmlns='urn:xmpp:mam:2'>"+set+"</query>", func(n node) {
			if body := n.child("result").child("forwarded").child("message").child("body").Text; body != "" {
				seen[strings.TrimSpace(body)]++
			}
		})
		w.does(t, err)
		if fin.child("fin").attr("complete") == "true" {
			return seen
		}
		after = "<after>" + fin.child("fin").child("set").child("last").Text + "</after>"
	}
}
