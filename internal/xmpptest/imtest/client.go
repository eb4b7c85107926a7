package imtest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/router"
	"parley/internal/session"
	"parley/internal/xmpptest/xmlmatch"
	"parley/stanza"
)

// patience is how long a client waits for what has to come.
const patience = 30 * time.Second

// Client is a bound client.
type Client struct {
	*session.Session
	t      testing.TB
	router *router.Router
	wire   *wire
	unbind sync.Once
	marks  int
}

// Send hands the server one stanza, as it came over the wire, and waits until
// it is handled and stored. jabber:client is understood.
func (c *Client) Send(xml string) {
	c.t.Helper()
	c.SendStanza(Stanza(c.t, c.JID(), xml))
}

// SendStanza is Send for a stanza that is parsed already. It may be called from
// any goroutine, but by one at a time.
func (c *Client) SendStanza(st *module.Stanza) {
	c.Alive() // the client was heard of
	for _, p := range c.router.FromClient(context.Background(), &module.Event{Stanza: st, Session: c.Session}) {
		<-p.Done()
		if err := p.Err(); err != nil {
			c.router.Failed(context.Background(), st, err)
		}
	}
}

// Got returns what the server has sent since the last call, as XML.
func (c *Client) Got() []string {
	c.t.Helper()
	c.marks++
	mark := module.NewStanza(stanza.IQ, "result", jid.JID{}, jid.JID{})
	mark.ID = "mark"
	c.Session.Send(mark)
	got, ok := c.wire.takeMark(c.marks)
	if !ok {
		c.t.Fatalf("%s: the session does not write", c.JID())
	}
	return got
}

// Expect compares what has come since the last call with patterns of package
// xmlmatch, in order.
func (c *Client) Expect(patterns ...string) {
	c.t.Helper()
	got := c.Got()
	for i, p := range patterns {
		if i >= len(got) {
			c.t.Errorf("%s: missing: %s", c.JID(), p)
			continue
		}
		if err := xmlmatch.Match(p, got[i]); err != nil {
			c.t.Errorf("%s: %v\n got: %s\nwant: %s", c.JID(), err, got[i], p)
		}
	}
	for _, extra := range got[min(len(got), len(patterns)):] {
		c.t.Errorf("%s: unexpected: %s", c.JID(), extra)
	}
}

// Await waits until n stanzas have come since the last call, for what another
// goroutine sends, and returns them.
func (c *Client) Await(n int) []string {
	c.t.Helper()
	got, ok := c.wire.await(n)
	if !ok {
		c.t.Fatalf("%s: waited in vain for %d stanzas, got %d", c.JID(), n, len(got))
	}
	return got
}

// Count returns how many stanzas have been written in all.
func (c *Client) Count() int {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	return c.wire.count
}

// Seen returns how many stanzas had been written in all when Got or Await last
// looked.
func (c *Client) Seen() int {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	return c.wire.seen
}

// Acknowledge says, as a Managed client, that the first n stanzas that it was
// sent have arrived; what Seen tells says so of all that were looked at.
func (c *Client) Acknowledge(n int) {
	c.t.Helper()
	if e := c.Ack(uint32(n)); e != nil {
		c.t.Fatalf("%s: acknowledge %d: %v", c.JID(), n, e)
	}
}

// Ask sends one stanza and expects the answers.
func (c *Client) Ask(xml string, patterns ...string) {
	c.t.Helper()
	c.Send(xml)
	c.Expect(patterns...)
}

// Close ends the session in order: what was written has been read.
func (c *Client) Close() { c.end(true) }

// Break ends the session without: what was not confirmed counts as lost.
func (c *Client) Break() { c.end(false) }

func (c *Client) end(orderly bool) {
	c.unbind.Do(func() { c.router.Unbind(context.Background(), c.Session, orderly) })
}

func withNamespace(xml string) string {
	xml = strings.TrimSpace(xml)
	i := strings.IndexAny(xml, " />")
	return xml[:i] + " xmlns='" + stanza.NSClient + "'" + xml[i:]
}

// wire is the stream under a session.
type wire struct {
	discard bool
	alive   func()

	mu    sync.Mutex
	news  *sync.Cond
	out   []string // guarded by mu
	marks int      // guarded by mu
	count int      // guarded by mu
	seen  int      // guarded by mu: count when out was last taken
}

func newWire() *wire {
	w := &wire{}
	w.news = sync.NewCond(&w.mu)
	return w
}

// WriteStanzas keeps what is sent.
func (w *wire) WriteStanzas(batch []*module.Stanza, _ ...[]byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, st := range batch {
		switch {
		case st.ID == "mark":
			w.marks++
		case !w.discard:
			w.out = append(w.out, string(st.AppendTo(nil)))
		}
		w.count++
	}
	w.news.Broadcast()
	return nil
}

func (w *wire) takeMark(n int) ([]string, bool) { return w.take(func() bool { return w.marks >= n }) }

func (w *wire) await(n int) ([]string, bool) { return w.take(func() bool { return len(w.out) >= n }) }

// take waits for a condition and returns what has come.
func (w *wire) take(ready func() bool) ([]string, bool) {
	late := false
	timer := time.AfterFunc(patience, func() {
		w.mu.Lock()
		late = true
		w.mu.Unlock()
		w.news.Broadcast()
	})
	defer timer.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for !ready() && !late {
		w.news.Wait()
	}
	got, ok := w.out, ready()
	w.out, w.seen = nil, w.count
	return got, ok
}

// WriteEnd keeps the stream error.
func (w *wire) WriteEnd(e *stanza.StreamError) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e != nil {
		w.out = append(w.out, string(e.Append(nil)))
	}
	w.news.Broadcast()
}

// Abort has no connection to cut.
func (w *wire) Abort() {}

// Probe is answered at once.
func (w *wire) Probe() { go w.alive() }

// Hurry has no connection to hurry.
func (w *wire) Hurry() {}

// Unacked: everything arrives at once.
func (w *wire) Unacked() int { return 0 }

// Rest returns what came since the last call to a session that has ended.
func (c *Client) Rest() []string {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	got := c.wire.out
	c.wire.out = nil
	return got
}
