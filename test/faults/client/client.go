package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"parley/bench/client"
	"parley/bench/wire"
	"parley/test/faults/record"
)

// Options of all clients of a campaign.
type Options struct {
	Address  Address
	Domain   string
	Users    []string // names, by index
	Password string
	Keys     *client.Keys
	Window   int // messages that are sent and not acknowledged, at most
	Acked    func(now time.Time)
	Logf     func(format string, args ...any)
}

func (o Options) bare(user int) string { return o.Users[user] + "@" + o.Domain }

func (o Options) account(user int) client.Account {
	return client.Account{User: o.Users[user], Domain: o.Domain, Password: o.Password, Mechanism: client.ScramSHA1}
}

// Client is one user's.
type Client struct {
	opts Options
	me   int
	Log  *record.Log
	m    managed

	// owned by the life
	rand    *rand.Rand
	session int      // number of the bound session
	again   []stanza // to be sent in the next session
	holes   []*link  // left open

	pick *rand.Rand // owned by the sender

	order sync.Mutex // one stanza is queued and written at a time

	mu      sync.Mutex
	link    *link         // guarded by mu; nil while there is no connection
	changed chan struct{} // guarded by mu; closed when something below changes
	sending bool          // guarded by mu
	away    bool          // guarded by mu
	leave   bool          // guarded by mu; end the stream in order first
	online  bool          // guarded by mu
	slow    time.Duration // guarded by mu; pause before the next read
}

// New returns a client that sends from the first moment of its life on.
func New(opts Options, me int, seed uint64) *Client {
	c := &Client{opts: opts, me: me, Log: record.New(me), changed: make(chan struct{}), sending: true,
		rand: rand.New(rand.NewPCG(seed, uint64(me))), pick: rand.New(rand.NewPCG(seed+1, uint64(me)))}
	c.m.log = c.Log
	return c
}

// loginTime bounds connecting and logging in.
const loginTime = 40 * time.Second

// Pause between attempts to connect.
const minPause, maxPause = 5 * time.Millisecond, 60 * time.Millisecond

// Run lives until ctx ends, then logs out.
func (c *Client) Run(ctx context.Context) {
	defer c.closeHoles(0)
	for ctx.Err() == nil {
		if !c.present(ctx) {
			break
		}
		if err := c.connection(ctx); err != nil && ctx.Err() == nil {
			c.opts.Logf("%s: %v", c.opts.Users[c.me], err)
		}
		c.Log.Break(time.Now())
		wait(ctx, minPause+time.Duration(c.rand.Int64N(int64(maxPause-minPause))))
	}
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// present waits while the client is away; false: ctx ended.
func (c *Client) present(ctx context.Context) bool {
	for {
		c.mu.Lock()
		away, changed := c.away, c.changed
		c.mu.Unlock()
		if !away {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// connection is one, from connecting to its end.
func (c *Client) connection(ctx context.Context) error {
	conn, l, err := c.opts.Address.dial(ctx, c.rand.IntN(2) == 0, time.Now().Add(loginTime))
	if err != nil {
		return err
	}
	closing := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer closing()
	err = c.enter(conn)
	if err == nil {
		conn.Deadline(time.Time{})
		c.set(func() { c.link, c.online = l, true })
		err = c.serve(ctx, conn)
		c.set(func() { c.link, c.online = nil, false })
	}
	return c.ended(l, err)
}

// ended decides what is left of a connection.
func (c *Client) ended(l *link, err error) error {
	switch {
	case errors.Is(err, errAbandoned):
		c.holes = append(c.holes, l)
		c.closeHoles(maxHoles)
		return nil
	case errors.Is(err, wire.ErrClosed) && c.leaving():
		c.again = append(c.m.end(), c.again...)
		err = nil
	}
	_ = l.Close()
	return err
}

// maxHoles connections are left open at a time.
const maxHoles = 3

func (c *Client) closeHoles(left int) {
	for len(c.holes) > left {
		_ = c.holes[0].Close()
		c.holes = c.holes[1:]
	}
}

// set changes what faults and the life share, and wakes who waits for it.
func (c *Client) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	close(c.changed)
	c.changed = make(chan struct{})
}

// serve sends and reads until the connection ends.
func (c *Client) serve(ctx context.Context, conn *wire.Conn) error {
	ctx, cancel := context.WithCancel(ctx)
	var sender sync.WaitGroup
	sender.Go(func() { c.send(ctx, conn) })
	err := c.read(ctx, conn)
	cancel()
	sender.Wait()
	return err
}

// write queues and writes one stanza.
func (c *Client) write(conn *wire.Conn, s stanza) error {
	c.order.Lock()
	defer c.order.Unlock()
	c.m.sent(s)
	return conn.Send(s.raw)
}

// message is a numbered one. The number is in the id, the body and, with every
// other client, the origin-id (XEP-0359 §3.2): the others rely on the server's
// count alone to say again what is missing and nothing else.
func (c *Client) message(n, to int) stanza {
	id, origin := fmt.Sprintf("m%d-%d", c.me, n), ""
	if c.me%2 == 0 {
		origin = "<origin-id xmlns='urn:xmpp:sid:0' id='" + id + "'/>"
	}
	return stanza{n, fmt.Appendf(nil, "<message xmlns='jabber:client' type='chat' to='%s' id='%s'><body>%s is what I say</body>%s</message>",
		c.opts.bare(to), id, id, origin)}
}
