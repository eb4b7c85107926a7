package offline

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"parley/internal/module"
)

// client is what is known of one session. It is guarded by its shard's mu, but
// for the fixed fields.
type client struct {
	m       *Module
	account *account
	session module.Session
	bound   int64 // the id of no message: it stands for the time of the bind

	caught  bool            // it has been given everything; new messages go straight to it
	stretch *module.Stretch // for which that, and everything else here, was begun
	again   bool            // something is to be looked for in storage,
	from    int64           // above this id
	running bool            // run is at work, or goes on after a pause
	full    bool            // as much as may be is on its way; run goes on when it arrives
	bytes   int             // how much that is
	held    []held          // new messages that wait for their turn, by id
	weight  int             // their size
	gone    bool            // the session has ended
	pause   *time.Timer     // after an error
}

// boundBefore notes that a message was not stored when the client was bound. Its id
// may be older.
func (c *client) boundBefore(id int64) {
	if id <= c.bound {
		c.bound = id - 1
		c.m.since.Set(c.session, c.bound)
	}
}

// held is a new message that a client gets in its turn.
type held struct {
	row *row
	st  *module.Stanza
}

// begin makes the session look for everything that waits for its account. It
// returns its client if the caller has to run that.
func (m *Module) begin(s module.Session) *client {
	sh := m.shard(s.JID().Bare())
	sh.mu.Lock()
	defer sh.mu.Unlock()
	a := sh.account(s.JID().Bare())
	defer sh.tidy(a)
	c := m.client(a, s)
	if c == nil {
		return nil
	}
	c.caught, c.again, c.from = false, true, 0
	c.stretch = stretchOf(s)
	if c.running || c.full {
		return nil
	}
	c.running = true
	return c
}

// miss notes that storage has something for the client.
func (c *client) miss(id int64) {
	if !c.again {
		c.from = math.MaxInt64
	}
	c.caught, c.again, c.from = false, true, min(c.from, id-1)
	c.start()
}

// start lets the client catch up, if it can.
func (c *client) start() {
	if !c.running && !c.full && !c.gone && c.listening() {
		c.running = true
		c.m.work.Go(func() { c.run(context.Background()) }) // no connection's business
	}
}

// listening reports whether the client takes messages now.
func (c *client) listening() bool {
	return receives(c.session) && c.begun() && !closing(c.session)
}

// begun reports whether the client takes messages still, or again and begin knows.
// One that has just come back is behind, whatever it was before: it may have
// missed something.
func (c *client) begun() bool { return stretchOf(c.session) == c.stretch }

func stretchOf(s module.Session) *module.Stretch {
	if p := s.Presence(); p != nil {
		return p.Stretch
	}
	return nil
}

// hold keeps a new message until it is its turn. What is too much for that is
// found in storage.
func (c *client) hold(r *row, st *module.Stanza) {
	if c.again || c.weight+st.Size() > c.m.opts.Window {
		c.unhold()
		c.miss(r.id)
		return
	}
	i, _ := slices.BinarySearchFunc(c.held, r.id, func(h held, id int64) int { return cmp.Compare(h.row.id, id) })
	c.held = slices.Insert(c.held, i, held{r, st.Own()})
	c.weight += st.Size()
	c.start()
}

// unhold leaves what is held to storage.
func (c *client) unhold() {
	for _, h := range c.held {
		c.miss(h.row.id)
	}
	c.held, c.weight = nil, 0
}

// turn takes out of held what is due up to id, and notes that it is brought.
func (c *client) turn(upTo int64) []held {
	n := 0
	for n < len(c.held) && c.held[n].row.id <= upTo {
		h := c.held[n]
		c.weight -= h.st.Size()
		h.row.bring(c)
		n++
	}
	out := c.held[:n:n]
	c.held = c.held[n:]
	return out
}

// end is called when the session has ended.
func (c *client) end() {
	c.gone = true
	c.held, c.weight = nil, 0
	if c.pause != nil {
		c.pause.Stop()
	}
}
