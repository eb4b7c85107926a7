package clients_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	killRounds  = 8
	killWorkers = 4   // half over TCP, half over WebSocket
	killWithin  = 400 // requests of a round, at the most
)

// campaign remembers what the server has confirmed, over all its deaths.
type campaign struct {
	p        *parley
	requests atomic.Int64 // sent in this round

	mu       sync.Mutex
	accounts map[string]bool                    // by name; guarded by mu
	roster   map[string][]string                // contacts by account; guarded by mu
	messages map[string]map[string]int          // how many, by recipient and sender; guarded by mu
	received map[string]map[string]map[int]bool // numbers, by recipient and sender; guarded by mu
	replayed int                                // what came to two sessions; guarded by mu
}

func newCampaign(p *parley) *campaign {
	return &campaign{
		p: p, accounts: map[string]bool{}, roster: map[string][]string{},
		messages: map[string]map[string]int{}, received: map[string]map[string]map[int]bool{},
	}
}

// SIGKILL at any moment loses nothing that a client saw confirmed: no account,
// no roster item, no offline message.
func TestKill(t *testing.T) {
	t.Parallel()
	for name, url := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParley(t, url(t))
			p.env = append(p.env, "PARLEY_REQUIRE_TLS=false", "PARLEY_SASL_ITERATIONS=4096",
				"PARLEY_LIMITS_OFFLINE_MESSAGES=100000", "PARLEY_LOG_LEVEL=warn")
			c := newCampaign(p)
			for round := range killRounds {
				c.round(t, round)
			}
			p.start(t)
			c.check(t)
			c.report(t)
		})
	}
}

// round starts the server, lets workers loose on it and kills it when they have
// sent a random number of requests.
func (c *campaign) round(t *testing.T, round int) {
	t.Helper()
	c.p.start(t)
	c.must(t, c.makePost(round))
	c.requests.Store(0)
	deadly, reached := 1+rand.Int64N(killWithin), make(chan struct{})
	count := func() {
		if c.requests.Add(1) == deadly {
			close(reached)
		}
	}
	var workers sync.WaitGroup
	for w := range killWorkers {
		workers.Go(func() { c.work(t, round, w, count) })
	}
	workers.Go(func() { c.readPost(t, round-1) })
	select {
	case <-reached:
	case <-time.After(patience):
		t.Errorf("round %d: %d requests, no more", round, c.requests.Load())
	}
	<-time.After(rand.N(3 * time.Millisecond)) // at any point of the request
	c.p.kill(t)
	workers.Wait()
}

// must: nothing but a dead server is a reason to fail.
func (c *campaign) must(t *testing.T, err error) {
	t.Helper()
	var no refusal
	if errors.As(err, &no) {
		t.Error(err)
	}
}

func (c *campaign) dial(n int) (*wire, error) {
	if n%2 == 0 {
		return dialPlain(c.p)
	}
	return dialSocket(c.p)
}

func secret(user string) string { return "secret of " + user }

func post(round int) string { return fmt.Sprintf("post-%d", round) }

// makePost makes the account that the messages of the round are for.
func (c *campaign) makePost(round int) error {
	w, err := c.dial(round)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.begin(); err != nil {
		return err
	}
	return c.register(w, post(round))
}

func (c *campaign) register(w *wire, user string) error {
	if err := w.register(user, secret(user)); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accounts[user] = true
	return nil
}

// work is one account after the other, until the server dies. count is called
// for each request, when it is on its way.
func (c *campaign) work(t *testing.T, round, worker int, count func()) {
	before := post(round)
	for n := 0; ; n++ {
		user := fmt.Sprintf("user-%d-%d-%d", round, worker, n)
		if err := c.live(worker, user, []string{post(round), before}, count); err != nil {
			c.must(t, err)
			return
		}
		before = user
	}
}

// live is the life of an account: it is made, has contacts, and writes to
// people who are not there.
func (c *campaign) live(worker int, user string, recipients []string, count func()) error {
	w, err := c.dial(worker)
	if err != nil {
		return err
	}
	defer w.close()
	w.link = counted{w.link, count}
	if err := w.begin(); err != nil {
		return err
	}
	if err := c.register(w, user); err != nil {
		return err
	}
	if err := w.login(user, secret(user)); err != nil {
		return err
	}
	for i := range 5 {
		contact := fmt.Sprintf("contact-%d@localhost", i)
		if err := w.add(contact); err != nil {
			return err
		}
		c.mu.Lock()
		c.roster[user] = append(c.roster[user], contact)
		c.mu.Unlock()
		if err := c.write(w, user, recipients[i%len(recipients)], 4); err != nil {
			return err
		}
	}
	return nil
}

// write sends messages that are numbered on, and counts them when the ping
// after them is answered: a stream is handled in order.
func (c *campaign) write(w *wire, from, to string, n int) error {
	c.mu.Lock()
	first := c.messages[to][from]
	c.mu.Unlock()
	for i := range n {
		if err := w.say(to+"@localhost", fmt.Sprint(first+i)); err != nil {
			return err
		}
	}
	if err := w.ping(nil); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.messages[to] == nil {
		c.messages[to] = map[string]int{}
	}
	c.messages[to][from] = first + n
	return nil
}

// counted tells of each request when it is on its way.
type counted struct {
	link
	count func()
}

func (l counted) send(text string) error {
	defer l.count()
	return l.link.send(text)
}
