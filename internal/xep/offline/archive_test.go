package offline_test

import (
	"context"
	"strconv"
	"testing"

	"parley/internal/module"
	"parley/internal/xep/offline"
	"parley/internal/xmpptest/imtest"
	"parley/stanza"
	"parley/storage"
)

// TestBoundWithArchive is XEP-0386 §4: what the archive has is not waiting any
// more; what it does not have, and what comes later, is sent.
func TestBoundWithArchive(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	a.Send(chat(1))
	a.Send(`<message to='juliet@localhost' type='chat' id='2'><body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/></message>`)
	b := w.Bind(t, juliet, w.FromArchive)
	a.Send(chat(3))
	if n := stored(t, w, "juliet@localhost"); n != 2 {
		t.Errorf("%d wait after the bind, want the two that are not for the archive", n)
	}
	b.Send(`<presence/>`)
	if got := ids(t, b.Got()); len(got) != 2 || got[0] != "2" || got[1] != "3" {
		t.Errorf("got %s, want what is not in the archive and what came after the bind", got)
	}
}

// TestBoundWhileJoined: a message whose write has joined those of its stanza, and
// is submitted after a client was bound and has read its archive, is not in what
// the client has read, though its id is older.
func TestBoundWhileJoined(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	var u storage.Unit
	st := imtest.Stanza(t, a.JID(), chat(1))
	writes := w.Router.FromClient(t.Context(), &module.Event{Stanza: st, Session: a.Session, Unit: &u})
	b := w.Bind(t, juliet)
	w.Offline.Fetches(t.Context(), b.Session)
	w.Store.Submit(t.Context(), &u, nil)
	for _, p := range writes {
		if err := storage.Wait(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	module.UsesArchive.Set(b.Session, true)
	b.Send(`<presence/>`)
	if got := ids(t, b.Got()); len(got) != 1 || got[0] != "1" {
		t.Errorf("got %s, want what was stored after the bind", got)
	}
	rows, err := w.Store.Undelivered(t.Context(), "juliet@localhost", 0, 0)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, v := range w.Router.SavedValues() { // what it is after a restart
		if since, _ := strconv.ParseInt(v.Save(b.Session), 10, 64); v.Name == "offline.since" && since >= rows[0].ID {
			t.Errorf("bound since %d is kept, the message is %d", since, rows[0].ID)
		}
	}
}

// TestFetchesFromArchive: a client that reads its archive before it is available
// is not sent what was there when it was bound; the next one is.
func TestFetchesFromArchive(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	a.Send(chat(1))
	b := w.Bind(t, juliet)
	module.UsesArchive.Set(b.Session, true)
	b.Send(`<presence/>`)
	if got := ids(t, b.Got()); len(got) != 0 {
		t.Errorf("got %s", got)
	}
	_, got := online(t, w, "juliet@localhost/chamber")
	if got := ids(t, got); len(got) != 1 {
		t.Errorf("a client that does not read the archive got %s", got)
	}
}

// TestRetrieved: what was sent as a result of the archive is not sent again, and
// is settled when it is acknowledged.
func TestRetrieved(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	a := w.Bind(t, romeo)
	a.Send(chat(1))
	a.Send(chat(2))
	rows, err := w.Store.Undelivered(t.Context(), "juliet@localhost", 0, 0)
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	b := w.Bind(t, juliet)
	result := module.NewStanza(stanza.Message, "", b.JID().Bare(), b.JID())
	result.ID, result.Track = "result", w.Offline.Retrieved(b.Session, rows[0].ID)
	b.Session.Send(result)
	b.Send(`<presence/>`)
	if got := ids(t, b.Got()); len(got) != 2 || got[0] != "result" || got[1] != "2" {
		t.Errorf("got %s, want the result and what was not retrieved", got)
	}
	b.Close()
	w.Offline.Wait()
	if n := stored(t, w, "juliet@localhost"); n != 0 {
		t.Errorf("%d wait", n)
	}
}

// TestRetrievedAndLost: a result that did not arrive leaves the message waiting.
func TestRetrievedAndLost(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	w.Bind(t, romeo).Send(chat(1))
	rows, err := w.Store.Undelivered(context.Background(), "juliet@localhost", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	b := w.Bind(t, juliet)
	result := module.NewStanza(stanza.Message, "", b.JID().Bare(), b.JID())
	result.Track = w.Offline.Retrieved(b.Session, rows[0].ID)
	b.Session.Send(result)
	b.Break()
	if _, got := online(t, w, juliet); len(got) != 1 {
		t.Errorf("the next session got %s", got)
	}
}

// TestComesWhileBound: what is stored after the client was bound is sent, though
// its id is older.
func TestComesWhileBound(t *testing.T) {
	t.Parallel()
	w := world(t, offline.Options{})
	id := w.Store.NewMessageID()
	b := w.Bind(t, juliet, w.FromArchive)
	put(t, w, id, "x")
	b.Send(`<presence/>`)
	if got := ids(t, b.Got()); len(got) != 1 {
		t.Errorf("got %s", got)
	}
}
