package clients_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// readPost fetches what the last round has written while the server may die.
func (c *campaign) readPost(t *testing.T, round int) {
	if round < 0 {
		return
	}
	w, err := c.dial(round)
	if err == nil {
		defer w.close()
		err = c.receive(t, w, post(round), func() bool { return false })
	}
	c.must(t, err)
}

// receive logs in and takes messages until enough, and then up to the answer to
// a ping.
func (c *campaign) receive(t *testing.T, w *wire, user string, enough func() bool) error {
	if err := w.enter(user, secret(user)); err != nil {
		return err
	}
	if err := w.send("<presence xmlns='jabber:client'/>"); err != nil {
		return err
	}
	now := map[string]int{} // what is next in this session, by sender
	take := func(n node) { c.take(t, user, n, now) }
	for !enough() {
		n, err := w.next()
		if err != nil {
			return err
		}
		take(n)
	}
	return w.ping(take)
}

// take notes a message. A session gets each sender's in order; what another
// session had got already may come again.
func (c *campaign) take(t *testing.T, user string, n node, now map[string]int) {
	from, body := said(n)
	if body == "" {
		return
	}
	var number int
	if _, err := fmt.Sscan(body, &number); err != nil || number < now[from] {
		t.Errorf("%s got %q from %s (%v), where at least %d is due", user, body, from, err, now[from])
	}
	now[from] = number + 1
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.received[user] == nil {
		c.received[user] = map[string]map[int]bool{}
	}
	if c.received[user][from] == nil {
		c.received[user][from] = map[int]bool{}
	}
	if c.received[user][from][number] {
		c.replayed++
	}
	c.received[user][from][number] = true
}

// hasAll reports whether every confirmed message for user has come.
func (c *campaign) hasAll(user string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for from, n := range c.messages[user] {
		for i := range n {
			if !c.received[user][from+"@localhost"][i] {
				return false
			}
		}
	}
	return true
}

// check looks at everything that was confirmed, on a server that stays alive.
func (c *campaign) check(t *testing.T) {
	t.Helper()
	for i, user := range slices.Sorted(maps.Keys(c.accounts)) {
		if err := c.checkAccount(t, i, user); err != nil {
			t.Errorf("%s: %v", user, err)
		}
	}
}

func (c *campaign) checkAccount(t *testing.T, n int, user string) error {
	w, err := c.dial(n)
	if err != nil {
		return err
	}
	defer w.close()
	if err := c.receive(t, w, user, func() bool { return c.hasAll(user) }); err != nil {
		return fmt.Errorf("of the messages %v came %v: %w", c.messages[user], c.received[user], err)
	}
	if left, err := c.leftovers(n, user); err != nil || left > 0 {
		t.Errorf("%s: %d messages come again after they were received (%v)", user, left, err)
	}
	contacts, err := w.roster()
	for _, contact := range c.roster[user] {
		if err == nil && !contacts[contact] {
			t.Errorf("%s has lost %s", user, contact)
		}
	}
	return err
}

// leftovers counts what another login gets.
func (c *campaign) leftovers(n int, user string) (left int, err error) {
	w, err := c.dial(n + 1)
	if err != nil {
		return 0, err
	}
	defer w.close()
	if err := w.enter(user, secret(user)); err != nil {
		return 0, err
	}
	if err := w.send("<presence xmlns='jabber:client'/>"); err != nil {
		return 0, err
	}
	err = w.ping(func(n node) {
		if _, body := said(n); body != "" {
			left++
		}
	})
	return left, err
}

func (c *campaign) report(t *testing.T) {
	t.Helper()
	contacts, messages := 0, 0
	for _, r := range c.roster {
		contacts += len(r)
	}
	for _, by := range c.messages {
		for _, n := range by {
			messages += n
		}
	}
	t.Logf("%d kills: %d accounts, %d contacts, %d messages confirmed and found; %d messages came twice",
		killRounds, len(c.accounts), contacts, messages, c.replayed)
	if len(c.accounts) <= killRounds || contacts == 0 || messages == 0 {
		t.Error("the campaign has put nothing to the test")
	}
}
