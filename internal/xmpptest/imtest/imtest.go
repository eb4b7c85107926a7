// Package imtest runs the modules of RFC 6121, the archive and the delivery of
// what is stored together in a real router, with real sessions and a real
// database, without network. Everything that a stanza causes has been queued when
// Send returns, so a test can say exactly what each client gets.
package imtest

import (
	"context"
	"errors"
	"testing"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/router"
	"parley/internal/session"
	"parley/internal/xep/mam"
	"parley/internal/xep/offline"
	"parley/internal/xmpptest/modtest"
	"parley/presence"
	"parley/roster"
	"parley/stanza"
	"parley/storage"
	"parley/storage/sqlstore"
)

// World is a server's instant messaging part.
type World struct {
	Router   *router.Router
	Store    *sqlstore.Store
	Roster   *roster.Module
	Presence *presence.Module
	Offline  *offline.Module
	Archive  *mam.Module
	// QueueBytes and HeldBytes are the limits of sessions bound from now on.
	QueueBytes, HeldBytes int

	bench   *modtest.Bench
	writers session.Writers
}

// Options configure the modules. The zero value has the defaults.
type Options struct {
	Roster   roster.Options
	Presence presence.Options
	Offline  offline.Options
	Archive  mam.Options
	// OfflineStore, if not nil, gives the offline module another store than the
	// world's, made of it.
	OfflineStore func(offline.Store) offline.Store
}

// New returns a world that serves localhost, with an empty database.
func New(t testing.TB, opts Options) *World {
	t.Helper()
	w := &World{Store: modtest.Store(t), bench: modtest.New(t), QueueBytes: 1 << 20, HeldBytes: 64 << 10}
	w.Router = w.bench.Router
	w.Router.Users = users{w.Store}
	w.Roster = roster.New(w.Store, opts.Roster)
	w.Presence = presence.New(w.Roster, opts.Presence)
	w.Roster.SetPresences(w.Presence)
	w.Offline = offline.New(opts.store(w.Store), opts.Offline)
	w.Archive = mam.New(w.Store, w.Roster, w.Offline, opts.Archive)
	w.bench.Add(w.Roster, w.Presence, w.Offline, w.Archive)
	t.Cleanup(w.Offline.Wait) // sessions are closed before, the store after
	return w
}

func (o *Options) store(s offline.Store) offline.Store {
	if o.OfflineStore != nil {
		return o.OfflineStore(s)
	}
	return s
}

// Add registers more modules, before the first client is bound.
func (w *World) Add(modules ...module.Module) { w.bench.Add(modules...) }

// Account makes accounts.
func (w *World) Account(t testing.TB, accounts ...string) {
	t.Helper()
	for _, a := range accounts {
		if err := w.Store.CreateAccount(context.WithoutCancel(t.Context()), a, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// users are the accounts in the database.
type users struct{ store *sqlstore.Store }

// Exists implements router.Users.
func (u users) Exists(ctx context.Context, account jid.JID) (bool, error) {
	a, err := u.store.Account(ctx, account.String())
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil && !a.Disabled, err
}

// Remove deletes an account as the server does.
func (w *World) Remove(t testing.TB, account string) {
	t.Helper()
	j := jid.MustParse(account)
	if err := w.Roster.BeforeRemoval(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.DeleteAccount(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	w.Router.AccountRemoved(t.Context(), j)
}

// Bind binds a full JID. The session ends with the test at the latest.
func (w *World) Bind(t testing.TB, full string, with ...Setting) *Client {
	t.Helper()
	return w.bind(t, full, newWire(), with...)
}

// Setting says something of a session before its client knows that it is bound.
type Setting func(*session.Session)

// Managed has the client acknowledge stanzas (XEP-0198): Client.Acknowledge.
func Managed(s *session.Session) { s.Manage(session.Management{}, nil) }

// FromArchive is a client that binds with XEP-0386, and fetches from the archive.
func (w *World) FromArchive(s *session.Session) {
	module.UsesArchive.Set(s, true)
	for _, space := range w.Router.InlineFeatures() {
		w.Router.InlineFeature(space)(context.Background(), s, nil)
	}
}

// BindDiscard binds a session whose stanzas are only counted.
func (w *World) BindDiscard(t testing.TB, full string) *Client {
	t.Helper()
	wire := newWire()
	wire.discard = true
	return w.bind(t, full, wire)
}

func (w *World) bind(t testing.TB, full string, wire *wire, with ...Setting) *Client {
	t.Helper()
	c := &Client{t: t, router: w.Router, wire: wire}
	c.Session = session.New(session.Info{
		JID: jid.MustParse(full), Secure: true, RemoteAddr: "192.0.2.1", Log: w.Router.Log,
		Undelivered: w.Router.Undelivered, Writers: &w.writers,
	}, wire, session.Limits{QueueBytes: w.QueueBytes, HeldBytes: w.HeldBytes})
	wire.alive = c.Alive
	if err := w.Router.Bind(context.WithoutCancel(t.Context()), c.Session); err != nil {
		t.Fatalf("bind %s: %v", full, err)
	}
	for _, set := range with {
		set(c.Session)
	}
	c.Start()
	w.Router.Bound(context.WithoutCancel(t.Context()), c.Session)
	t.Cleanup(c.Close)
	return c
}

// Stanza is a parsed stanza from a client with that address.
func Stanza(t testing.TB, from jid.JID, xml string) *module.Stanza {
	t.Helper()
	st, err := parse(from, xml)
	if err != nil {
		t.Fatalf("%s: %v", xml, err)
	}
	return st
}

func parse(from jid.JID, xml string) (*module.Stanza, error) {
	var s stanza.Scanner
	var v stanza.View
	if err := s.Scan([]byte(xml), &v); err != nil {
		return nil, err
	}
	kind := v.Kind
	if len(v.Space) == 0 { // patterns and tests leave jabber:client out
		return parse(from, withNamespace(xml))
	}
	st := &module.Stanza{
		Kind: kind, From: from, ID: string(v.ID), Type: string(v.Type), Lang: string(v.Lang),
		Payload: v.AppendPayload(nil),
	}
	var err error
	if v.To != nil {
		if st.To, err = jid.Parse(string(v.To)); err != nil {
			return nil, err
		}
	}
	st.Children, err = stanza.ScanPayload(st.Payload, nil)
	return st, err
}
