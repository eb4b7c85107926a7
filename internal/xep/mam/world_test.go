package mam_test

import (
	"context"
	"regexp"
	"testing"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/mam"
	"parley/internal/xep/offline"
	"parley/internal/xmpptest/imtest"
	"parley/internal/xmpptest/modtest"
	"parley/storage"
	"parley/storage/sqlstore"
)

const (
	romeo  = "romeo@localhost/orchard"
	juliet = "juliet@localhost/balcony"
)

// world is a router with an archive on a real database. juliet and romeo have
// accounts.
type world struct {
	*modtest.Bench
	store   *sqlstore.Store
	mam     *mam.Module
	offline *offline.Module
}

func newWorld(t testing.TB, opts mam.Options) *world {
	t.Helper()
	w := empty(t)
	w.start(t, opts)
	return w
}

func (w *world) start(t testing.TB, opts mam.Options) { w.startOn(t, w.store, opts) }

// startOn has the archive use another store, made of the world's.
func (w *world) startOn(t testing.TB, store mam.Store, opts mam.Options) {
	t.Helper()
	w.offline = offline.New(w.store, offline.Options{})
	w.mam = mam.New(store, contacts{w.Bench}, w.offline, opts)
	w.Add(w.offline, w.mam)
	t.Cleanup(w.mam.Wait)
	t.Cleanup(w.offline.Wait)
}

// empty returns a world without an archive, to be started.
func empty(t testing.TB) *world {
	t.Helper()
	w := &world{Bench: modtest.New(t), store: modtest.Store(t)}
	w.account(t, "romeo@localhost", "juliet@localhost")
	return w
}

// online binds a client that takes messages.
func (w *world) online(t testing.TB, full string) *modtest.Client {
	t.Helper()
	c := w.Bind(t, full).Available()
	if err := w.Router.Hooks.SessionAvailable.Run(t.Context(), c.Session); err != nil {
		t.Fatal(err)
	}
	return c
}

// restart is a server that starts anew on the same database.
func (w *world) restart(t testing.TB) *world {
	t.Helper()
	next := &world{Bench: modtest.New(t), store: w.store}
	next.AddAccount("romeo@localhost", "juliet@localhost")
	next.start(t, mam.Options{})
	return next
}

func (w *world) account(t testing.TB, accounts ...string) {
	t.Helper()
	w.AddAccount(accounts...)
	for _, a := range accounts {
		if err := w.store.CreateAccount(t.Context(), a, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// archive returns what an account's archive lists, oldest first.
func (w *world) archive(t testing.TB, account string) []storage.Message {
	t.Helper()
	rows, _, err := w.store.Archive(t.Context(), account, storage.ArchiveFilter{}, storage.ArchivePage{Max: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// waiting returns what waits to be delivered to an account.
func (w *world) waiting(t testing.TB, account string) []storage.Message {
	t.Helper()
	rows, err := w.store.Undelivered(t.Context(), account, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// contacts makes a roster of who may see whom.
type contacts struct{ *modtest.Bench }

// Lists implements mam.Roster.
func (c contacts) Lists(ctx context.Context, account, contact jid.JID) (bool, error) {
	return c.IsSubscriber(ctx, account, contact)
}

var idAttr = regexp.MustCompile(`<stanza-id xmlns='urn:xmpp:sid:0' id='(\d+)' by='([^']*)'/>`)

// stanzaIDs returns the stanza-ids in a stanza by who gave them.
func stanzaIDs(xml string) map[string]string {
	out := map[string]string{}
	for _, m := range idAttr.FindAllStringSubmatch(xml, -1) {
		out[m[2]] = m[1]
	}
	return out
}

// send hands the server a stanza of a client and waits until it is stored; an
// error goes to the client, as from a connection.
func (w *world) send(t testing.TB, c *modtest.Client, xml string) {
	t.Helper()
	st := imtest.Stanza(t, c.JID(), xml)
	for _, p := range w.Router.FromClient(t.Context(), &module.Event{Stanza: st, Session: c.Session}) {
		<-p.Done()
		if err := p.Err(); err != nil {
			w.Router.Failed(t.Context(), st, err)
			return
		}
	}
}

// nothing expects that nothing has come: the answer to a request is the next.
func nothing(t testing.TB, c *modtest.Client) {
	t.Helper()
	c.Send("<iq type='get' id='nothing' to='nobody@localhost'><query xmlns='urn:xmpp:mam:2'/></iq>")
	c.Expect("<iq type='error' id='nothing' from='nobody@localhost' to='" + c.JID().String() + "'>{any}</iq>")
}
