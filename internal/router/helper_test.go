package router_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/router"
	"parley/internal/session"
	"parley/stanza"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// users are the accounts that exist.
type users []string

func (u users) Exists(_ context.Context, account jid.JID) (bool, error) {
	return slices.Contains(u, account.String()), nil
}

// world is a router with a store of offline messages.
type world struct {
	*router.Router
	t *testing.T

	mu     sync.Mutex
	stored []string // ids, guarded by mu
}

func newWorld(t *testing.T, change ...func(*router.Options)) *world {
	opts := router.Options{
		Domain: jid.MustParse("localhost"), Users: users{"alice@localhost", "bob@localhost"},
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	for _, f := range change {
		f(&opts)
	}
	w := &world{Router: router.New(opts), t: t}
	w.Hooks.MessageArchive.Add(module.StageArchive, w.archive)
	return w
}

// archive keeps what nobody takes, now or in the end.
func (w *world) archive(ctx context.Context, ev *module.Event) error {
	exists, err := w.AccountExists(ctx, ev.To.Bare())
	if err != nil || !exists || ev.Type == "groupchat" || ev.Type == "headline" || ev.IsError() {
		return err
	}
	if ev.Track = (kept{w}); len(ev.Receivers) == 0 {
		w.store(ev.ID)
	}
	return nil
}

func (w *world) store(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stored = append(w.stored, id)
}

// kept tracks a message that is stored.
type kept struct{ w *world }

func (kept) Takes(module.Session, *module.Stanza) bool { return true }
func (kept) Sent(int)                                  {}
func (kept) Delivered(*module.Stanza)                  {}

func (k kept) Undelivered(st *module.Stanza) {
	for _, s := range k.w.Sessions(st.To) {
		if s.Presence() != nil {
			s.Send(st)
			return
		}
	}
	k.w.store(st.ID)
}

func (w *world) offline() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.stored)
}

// client is a session on a connection that keeps what is written.
type client struct {
	*session.Session
	w *world

	mu     sync.Mutex
	wrote  sync.Cond
	got    []string // guarded by mu
	all    []string // what received has returned; guarded by mu
	ended  []stanza.StreamCondition
	closed bool
}

var _ session.Stream = (*client)(nil)

func (w *world) bind(full string, presence ...int8) *client {
	w.t.Helper()
	c := &client{w: w}
	c.wrote.L = &c.mu
	c.Session = session.New(session.Info{
		JID: jid.MustParse(full), Log: w.Log, Undelivered: w.Undelivered,
	}, c, session.Limits{})
	if err := w.Bind(w.t.Context(), c.Session); err != nil {
		w.t.Fatal(err)
	}
	c.Start()
	for _, p := range presence {
		c.SetPresence(&module.Availability{Priority: p})
	}
	w.t.Cleanup(func() { c.leave(true) })
	return c
}

// leave ends the session, once.
func (c *client) leave(orderly bool) {
	c.mu.Lock()
	closed := c.closed
	c.closed = true
	c.mu.Unlock()
	if !closed {
		c.w.Unbind(context.Background(), c.Session, orderly)
	}
}

func (c *client) WriteStanzas(batch []*module.Stanza, _ ...[]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, st := range batch {
		c.got = append(c.got, string(st.AppendTo(nil)))
	}
	c.wrote.Broadcast()
	return nil
}

func (c *client) WriteEnd(e *stanza.StreamError) {
	c.mu.Lock()
	if e != nil {
		c.ended = append(c.ended, e.Condition)
	}
	c.mu.Unlock()
	go c.leave(false) // as the reader does
}

func (c *client) Abort() {}
func (c *client) Probe() {}
func (c *client) Hurry() {}

func (c *client) Unacked() int { return 0 }

// received returns what came so far, up to a mark that is sent now.
func (c *client) received() []string {
	mark := module.NewStanza(stanza.IQ, "result", jid.JID{}, jid.JID{})
	mark.ID = "mark"
	c.Send(mark)
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if i := slices.IndexFunc(c.got, func(s string) bool { return strings.Contains(s, "id='mark'") }); i >= 0 {
			got := c.got[:i]
			c.got = c.got[i+1:]
			c.all = append(c.all, got...)
			return got
		}
		c.wrote.Wait()
	}
}

// parse makes a stanza as a connection would.
func parse(t testing.TB, xml string) *module.Stanza {
	t.Helper()
	var s stanza.Scanner
	var v stanza.View
	xml = strings.Replace(xml, " ", " xmlns='jabber:client' ", 1)
	if err := s.Scan([]byte(xml), &v); err != nil {
		t.Fatalf("%s: %v", xml, err)
	}
	st := &module.Stanza{Kind: v.Kind, ID: string(v.ID), Type: string(v.Type), Lang: string(v.Lang), Payload: v.Payload, Children: v.Children}
	if v.To != nil {
		st.To = jid.MustParse(string(v.To))
	}
	return st
}

// send hands the router a stanza of c's client.
func (c *client) send(xml string) {
	c.w.t.Helper()
	st := parse(c.w.t, xml)
	st.From = c.JID()
	for _, p := range c.w.FromClient(c.w.t.Context(), &module.Event{Stanza: st, Session: c.Session}) {
		<-p.Done()
	}
}

// summary is what a stanza is about in a few words: kind, type, id, condition.
func summary(t *testing.T, xml string) string {
	t.Helper()
	e, err := stanza.Parse([]byte(xml))
	if err != nil {
		t.Fatalf("%s: %v", xml, err)
	}
	words := []string{e.Local}
	if typ := e.Attr("type"); typ != "" {
		words = append(words, typ)
	}
	words = append(words, e.Attr("id"))
	if bad := e.Child(stanza.NSClient, "error"); bad != nil {
		if c := bad.First(); c != nil {
			words = append(words, c.Local)
		}
	}
	return strings.Join(words, " ")
}

func summaries(t *testing.T, list []string) []string {
	t.Helper()
	var out []string
	for _, xml := range list {
		out = append(out, summary(t, xml))
	}
	return out
}

func expect(t *testing.T, who string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s got %q, want %q", who, got, want)
	}
}
