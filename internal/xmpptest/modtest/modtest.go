// Package modtest runs modules in a real router with real sessions, without
// network: clients are the far end of a session's queue. Whole-server tests
// are in package xmpptest.
package modtest

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/router"
	"parley/internal/session"
	"parley/internal/xmpptest/xmlmatch"
	"parley/stanza"
	"parley/storage/sqlite"
	"parley/storage/sqlstore"
)

// Patience is how long a client waits for a stanza that has to come.
const Patience = 10 * time.Second

// Bench is a router with modules and accounts. It implements router.Users and
// what modules ask about subscriptions.
type Bench struct {
	Router *router.Router

	mu       sync.Mutex
	accounts map[jid.JID]bool    // guarded by mu
	sees     map[[2]jid.JID]bool // guarded by mu: account, contact
}

// New returns a bench that serves localhost. Modules are added with Add.
func New(t testing.TB) *Bench {
	b := &Bench{accounts: map[jid.JID]bool{}, sees: map[[2]jid.JID]bool{}}
	b.Router = router.New(router.Options{
		Domain: jid.MustParse("localhost"), Users: b,
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	return b
}

// Store opens a database of its own, in a file that the test removes.
func Store(t testing.TB) *sqlstore.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Add registers modules.
func (b *Bench) Add(modules ...module.Module) *Bench {
	for _, m := range modules {
		m.Register(b.Router.Registrar)
	}
	return b
}

// AddAccount makes accounts exist.
func (b *Bench) AddAccount(accounts ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range accounts {
		b.accounts[jid.MustParse(a)] = true
	}
}

// LetSee subscribes contact to the presence of account.
func (b *Bench) LetSee(account, contact string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sees[[2]jid.JID{jid.MustParse(account), jid.MustParse(contact)}] = true
}

// Exists implements router.Users.
func (b *Bench) Exists(_ context.Context, account jid.JID) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.accounts[account], nil
}

// IsSubscriber answers for all accounts, existing or not.
func (b *Bench) IsSubscriber(_ context.Context, account, contact jid.JID) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sees[[2]jid.JID{account, contact}], nil
}

// Client is a bound client.
type Client struct {
	*session.Session
	t      testing.TB
	router *router.Router
	wire   wire
	unbind sync.Once
}

// Bind binds a full JID, on a secure stream.
func (b *Bench) Bind(t testing.TB, full string) *Client { return b.bind(t, full, true) }

// BindInsecure binds a full JID on a stream without TLS.
func (b *Bench) BindInsecure(t testing.TB, full string) *Client { return b.bind(t, full, false) }

func (b *Bench) bind(t testing.TB, full string, secure bool) *Client {
	t.Helper()
	c := &Client{t: t, router: b.Router, wire: wire{out: make(chan string, 1000)}}
	c.Session = session.New(session.Info{
		JID: jid.MustParse(full), Secure: secure, RemoteAddr: "192.0.2.1", Log: b.Router.Log,
		Undelivered: func(*module.Stanza) {},
	}, c.wire, session.Limits{})
	if err := b.Router.Bind(t.Context(), c.Session); err != nil {
		t.Fatalf("bind %s: %v", full, err)
	}
	c.Start()
	b.Router.Bound(t.Context(), c.Session)
	t.Cleanup(c.Close)
	return c
}

// Close ends the session.
func (c *Client) Close() {
	c.unbind.Do(func() { c.router.Unbind(context.WithoutCancel(c.t.Context()), c.Session, true) })
}

// Available makes the session available without telling anybody.
func (c *Client) Available() *Client {
	c.SetPresence(&module.Availability{
		Stanza: module.NewStanza(stanza.Presence, "", c.JID(), jid.JID{}), Since: time.Now(),
	})
	return c
}

// Send hands the server one stanza, as it came over the wire, and waits until
// it is handled and stored.
func (c *Client) Send(xml string) {
	c.t.Helper()
	var s stanza.Scanner
	s.SetScope(xmlmatch.Header)
	var v stanza.View
	if err := s.Scan([]byte(xml), &v); err != nil {
		c.t.Fatalf("scan %s: %v", xml, err)
	}
	if v.Kind == stanza.Other {
		c.t.Fatalf("not a stanza: %s", xml)
	}
	st := &module.Stanza{
		Kind: v.Kind, From: c.JID(), ID: string(v.ID), Type: string(v.Type), Lang: string(v.Lang),
		Payload: v.AppendPayload(nil),
	}
	if v.To != nil {
		st.To = jid.MustParse(string(v.To))
	}
	var err error
	if st.Children, err = stanza.ScanPayload(st.Payload, nil); err != nil {
		c.t.Fatalf("scan payload of %s: %v", xml, err)
	}
	for _, p := range c.router.FromClient(c.t.Context(), &module.Event{Stanza: st, Session: c.Session}) {
		<-p.Done()
		if err := p.Err(); err != nil {
			c.t.Fatalf("%s: not stored: %v", xml, err)
		}
	}
}

// Next returns the next thing that the server has sent: a stanza, a stream
// error, or "" when it closed the stream without one.
func (c *Client) Next() string {
	c.t.Helper()
	select {
	case s := <-c.wire.out:
		return s
	case <-time.After(Patience):
		c.t.Fatalf("%s: nothing came", c.JID())
		return ""
	}
}

// Expect compares the next stanza with a pattern of package xmlmatch.
func (c *Client) Expect(pattern string) {
	c.t.Helper()
	got := c.Next()
	if err := xmlmatch.Match(pattern, got); err != nil {
		c.t.Errorf("%s: %v\n got: %s\nwant: %s", c.JID(), err, got, pattern)
	}
}

// Ask sends one stanza and expects the answer.
func (c *Client) Ask(xml, pattern string) {
	c.t.Helper()
	c.Send(xml)
	c.Expect(pattern)
}

// wire is the stream under a session.
type wire struct{ out chan string }

func (w wire) WriteStanzas(batch []*module.Stanza, _ ...[]byte) error {
	for _, st := range batch {
		w.out <- string(st.AppendTo(nil))
	}
	return nil
}

func (w wire) WriteEnd(e *stanza.StreamError) {
	if e == nil {
		w.out <- ""
		return
	}
	w.out <- string(e.Append(nil))
}

func (wire) Abort() {}

func (wire) Probe() {}

// Hurry has no connection to hurry.
func (wire) Hurry() {}

// Unacked: everything arrives at once.
func (wire) Unacked() int { return 0 }
