package offline_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"parley/internal/jid"
	"parley/internal/xep/carbons"
	"parley/internal/xep/offline"
	"parley/internal/xmpptest/imtest"
)

// TestDelivery: while senders write all the time, sessions of the recipient come
// and go in every way and acknowledge what they please. Every message is
// acknowledged by a client in the end, none comes twice to a session, and each
// session gets those of one sender in order. That is not so where a message is
// for one session, and goes to the others when that has ended: by its address, or
// because its client acknowledges nothing.
func TestDelivery(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]*crowd{
		"managed": {allManaged: true}, "managed too": {allManaged: true}, "mixed": {}, "full JIDs": {full: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind.run(t, uint64(len(name)))
		})
	}
}

const senders, each = 4, 40

// crowd are the recipient's clients.
type crowd struct {
	t          *testing.T
	w          *imtest.World
	rand       *rand.Rand
	there      []*device
	bound      atomic.Int32
	full       bool // messages are for full JIDs
	allManaged bool // every client acknowledges
	acked      map[string]bool
}

// device is one bound client.
type device struct {
	*imtest.Client
	managed bool
	got     []string // ids of messages, in order
	safe    int      // how many of them it has acknowledged
	marks   []mark   // what it might acknowledge
}

// mark says how many messages are among the first stanzas.
type mark struct{ stanzas, messages int }

func (c *crowd) run(t *testing.T, seed uint64) {
	w := world(t, offline.Options{Window: 1500})
	w.Add(carbons.New())
	c.t, c.w, c.rand, c.acked = t, w, rand.New(rand.NewPCG(seed, 0)), map[string]bool{}
	done := c.write()
	for more := true; more; {
		select {
		case <-done:
			more = false
		default:
		}
		c.step()
	}
	for len(c.there) > 0 {
		c.leave(c.there[0], false)
	}
	w.Offline.Wait()
	w.HeldBytes = 1 // the last one confirms all it gets, so it gets all
	last := &device{Client: w.Bind(t, juliet)}
	waiting := stored(t, w, "juliet@localhost") // before they are confirmed
	last.Send(`<presence/>`)
	last.look(t, last.Await(1+waiting))
	last.Close()
	c.settle(last, len(last.got))
	for i := range senders * each {
		if !c.acked[fmt.Sprint(i)] {
			t.Errorf("message %d was lost", i)
		}
	}
}

// write has everybody send at once, and closes the channel when all is sent.
func (c *crowd) write() <-chan struct{} {
	var busy sync.WaitGroup
	for s := range senders {
		a := c.w.Bind(c.t, fmt.Sprintf("romeo@localhost/%d", s))
		busy.Go(func() {
			for i := range each {
				st := imtest.Stanza(c.t, a.JID(), chat(s*each+i))
				if c.full { // to one of the last, which may have gone
					st.To = jid.MustParse(fmt.Sprintf("juliet@localhost/%d", c.bound.Load()-int32(i%3)))
				}
				a.SendStanza(st)
			}
		})
	}
	done := make(chan struct{})
	go func() { busy.Wait(); close(done) }()
	return done
}

// step does one thing at random.
func (c *crowd) step() {
	if len(c.there) == 0 || len(c.there) < 4 && c.rand.IntN(5) == 0 {
		c.join()
		return
	}
	d := c.there[c.rand.IntN(len(c.there))]
	d.look(c.t, d.Got())
	switch c.rand.IntN(10) {
	case 0:
		c.leave(d, false)
	case 1:
		c.leave(d, true)
	case 2:
		c.send(d, `<presence type='unavailable'/>`)
	case 3:
		c.send(d, `<presence><priority>-1</priority></presence>`)
	case 4, 5:
		c.send(d, `<presence/>`)
	default:
		c.acknowledge(d)
	}
}

func (c *crowd) join() {
	d := &device{managed: c.allManaged || c.rand.IntN(3) > 0}
	var with []imtest.Setting
	if d.managed {
		with = append(with, imtest.Managed)
	}
	d.Client = c.w.Bind(c.t, fmt.Sprintf("juliet@localhost/%d", c.bound.Load()+1), with...)
	c.bound.Add(1)
	if c.rand.IntN(2) == 0 {
		c.send(d, `<iq type='set' id='carbons'><enable xmlns='urn:xmpp:carbons:2'/></iq>`)
	}
	c.send(d, `<presence/>`)
	c.there = append(c.there, d)
}

// send has a client say something, which without stream management confirms what
// was written before.
func (c *crowd) send(d *device, xml string) {
	d.Send(xml)
	if d.look(c.t, d.Got()); !d.managed {
		c.settle(d, len(d.got))
	}
}

func (c *crowd) acknowledge(d *device) {
	if !d.managed {
		c.send(d, `<message to='localhost' type='headline' id='alive'/>`)
		return
	}
	if m := d.marks[c.rand.IntN(len(d.marks))]; m.messages >= d.safe {
		d.Acknowledge(m.stanzas)
		c.settle(d, m.messages)
	}
}

func (c *crowd) leave(d *device, orderly bool) {
	for i := range c.there {
		if c.there[i] == d {
			c.there = append(c.there[:i], c.there[i+1:]...)
			break
		}
	}
	if !orderly {
		d.Break()
		d.look(c.t, d.Rest())
		d.check(c)
		return
	}
	d.Close()
	d.look(c.t, d.Rest())
	if d.managed {
		d.check(c) // a close says nothing of what was handled
		return
	}
	c.settle(d, len(d.got))
	d.check(c)
}

// settle notes what d has acknowledged.
func (c *crowd) settle(d *device, n int) {
	for _, id := range d.got[:n] {
		c.acked[id] = true
	}
	d.safe = n
}

// look takes what has come.
func (d *device) look(t *testing.T, got []string) {
	for _, id := range ids(t, got) {
		if id != "" { // a carbon copy
			d.got = append(d.got, id)
		}
	}
	d.marks = append(d.marks, mark{d.Seen(), len(d.got)})
}

// check: nothing twice, and in order for each sender.
func (d *device) check(c *crowd) {
	var last [senders]int
	seen := map[int]bool{}
	for _, id := range d.got {
		n, err := strconv.Atoi(id)
		if err != nil {
			c.t.Fatal(err)
		}
		if seen[n] {
			c.t.Errorf("%s: message %d came twice", d.JID(), n)
		}
		seen[n] = true
		s, i := n/each, n%each+1
		if i <= last[s] && c.allManaged {
			c.t.Errorf("%s: sender %d: message %d after %d", d.JID(), s, i, last[s])
		}
		last[s] = i
	}
}
