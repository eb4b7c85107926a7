package muc_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/module"
	"parley/internal/router"
	"parley/internal/xep/muc"
	"parley/internal/xmpptest/imtest"
	"parley/internal/xmpptest/modtest"
	"parley/storage"
)

// again is another run of the server on the same database, after a crash of the
// first: nothing was written down at the end.
func (w *world) again(change ...func(*muc.Options)) (*modtest.Bench, *muc.Module) {
	w.t.Helper()
	b := modtest.New(w.t)
	b.AddAccount("crone1@localhost", "wiccarocks@localhost", "hag66@localhost")
	m := muc.New(w.Store, w.Store, w.Archive.Rooms(), options(change...))
	b.Add(m)
	if err := m.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(m.Wait)
	return b, m
}

// A room is back after a crash with configuration, affiliations, reserved
// nicknames, subject, history, avatar and its place in the list.
func TestRoomOutlivesCrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.make("persistentroom", "1", "roomname", "A Dark Cave", "membersonly", "1")
	owner.Send(admin("a", "<item affiliation='member' jid='hag66@localhost' nick='thirdwitch'/>"))
	owner.Send(groupchat("g", "Thrice the brinded cat"))
	owner.Send("<message type='groupchat' id='s' to='" + room + "'><subject>Spells</subject></message>")
	owner.Send(request("set", "v", "<vCard xmlns='vcard-temp'><FN>Cave</FN></vCard>"))

	b, _ := w.again()
	c := b.Bind(t, hag)
	c.Ask("<iq type='get' id='l' to='conference.localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
		"<iq type='result' id='l' from='conference.localhost' to='"+hag+"'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='"+room+"' name='A Dark Cave'/></query></iq>")
	c.Ask(request("get", "v", "<vCard xmlns='vcard-temp'/>"), "<iq type='result' id='v' from='"+room+"' to='"+hag+"'><vCard xmlns='vcard-temp'><FN>Cave</FN></vCard></iq>")
	c.Ask(request("get", "n", "<query xmlns='jabber:iq:register'/>"), "<iq type='result' id='n' from='"+room+"' to='"+hag+"'><query xmlns='jabber:iq:register'><registered/><username>thirdwitch</username></query></iq>")
	c.Send(join("thirdwitch", ""))
	c.Expect("<presence from='" + room + "/thirdwitch' to='" + hag + "'><x xmlns='" + nsUser + "'><item affiliation='member' role='participant'/><status code='110'/></x>{more}</presence>")
	c.Expect("<message type='groupchat' id='g' from='" + room + "/firstwitch' to='" + hag + "'><body>Thrice the brinded cat</body>{more}</message>")
	c.Expect("<message type='groupchat' from='" + room + "/firstwitch' to='" + hag + "'><subject>Spells</subject>{more}</message>")
	stranger := b.Bind(t, wicca)
	stranger.Send(join("secondwitch", ""))
	stranger.Expect("<presence type='error' from='" + room + "/secondwitch' to='" + wicca + "'><x xmlns='" + muc.NS + "'/><error type='auth' by='" + room + "'><registration-required xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>")
}

// A message is handled when it is in the archive; one that cannot be stored is
// answered with an error, and may be sent again.
func TestMessageIsStoredFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.make("persistentroom", "1")
	event := &module.Event{Stanza: imtest.Stanza(t, owner.JID(), groupchat("g", "x")), Session: owner.Session}
	writes := w.Router.FromClient(t.Context(), event)
	if len(writes) != 1 {
		t.Fatalf("%d writes, want the one to the archive", len(writes))
	}
	if err := storage.Wait(t.Context(), writes[0]); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Store.ArchiveCount(t.Context(), room, storage.ArchiveFilter{}); err != nil || n != 1 {
		t.Fatalf("%d messages in the archive, %v", n, err)
	}
	owner.Got()
	// The room's row goes behind its back, so that nothing can be stored.
	if err := w.Store.DeleteRoom(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	again := strings.Replace(groupchat("lost", "y"), "</message>", "<origin-id xmlns='urn:xmpp:sid:0' id='lost'/></message>", 1)
	for range 2 {
		owner.Send(again)
		got := owner.Got()
		if len(got) != 2 || outcome(t, got[1]) != "internal-server-error" {
			t.Errorf("got %q, want the message and an error", got)
		}
	}
}

// Temporary rooms that a crash has left go when nobody comes back; others stay.
func TestAbandonedRoomsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.make()
	b, m := w.again()
	c := b.Bind(t, crone)
	c.Send("<presence to='heath@conference.localhost/x'><x xmlns='" + muc.NS + "'/></presence>")
	c.Next()
	c.Next()
	c.Send(strings.ReplaceAll(config("c", "persistentroom", "1"), "coven@", "heath@"))
	c.Next()
	if err := m.EndAbandoned(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.Wait()
	rows, err := w.Store.Rooms(t.Context(), "", 0)
	if err != nil || len(rows) != 1 || rows[0].JID != "heath@conference.localhost" {
		t.Errorf("left: %+v, %v", rows, err)
	}
}

// Old messages of rooms go like those of accounts.
func TestSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *muc.Options) { o.Retention = time.Hour })
	owner := w.make("persistentroom", "1")
	owner.Send(groupchat("1", "x"))
	for _, tt := range []struct {
		after time.Duration
		left  int
	}{{0, 1}, {2 * time.Hour, 0}} {
		if err := w.rooms.Sweep(t.Context(), time.Now().Add(tt.after)); err != nil {
			t.Fatal(err)
		}
		if n, err := w.Store.ArchiveCount(t.Context(), room, storage.ArchiveFilter{}); err != nil || n != tt.left {
			t.Errorf("after %s: %d messages, %v", tt.after, n, err)
		}
	}
}

// Rooms that nobody is in leave the memory, and come back when they are asked for.
func TestIdleRooms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *muc.Options) { o.Idle = 1 })
	owner := w.make("persistentroom", "1")
	owner.Send("<message type='groupchat' id='s' to='" + room + "'><subject>Spells</subject></message>")
	owner.Send("<presence type='unavailable' to='" + room + "/firstwitch'/>")
	for _, other := range []string{"a", "b"} {
		owner.Send("<presence to='" + other + "@conference.localhost/x'><x xmlns='" + muc.NS + "'/></presence>")
		owner.Send(strings.ReplaceAll(config("c", "persistentroom", "1"), "coven@", other+"@"))
		owner.Send("<presence type='unavailable' to='" + other + "@conference.localhost/x'/>")
	}
	owner.Got()
	owner.Send(join("firstwitch", ""))
	got := owner.Got()
	if len(got) != 2 || !strings.Contains(got[1], "<subject>Spells</subject>") {
		t.Errorf("got %q", got)
	}
}

// savedRooms is how a server writes down where a session is.
func savedRooms(t *testing.T, r *router.Router) module.SavedValue {
	t.Helper()
	for _, v := range r.SavedValues() {
		if v.Name == "muc.rooms" {
			return v
		}
	}
	t.Fatal("rooms are not saved")
	return module.SavedValue{}
}

// A client whose session is resumed after a restart is still in its rooms, and
// nobody is told anything (XEP-0198 §5).
func TestRestartKeepsOccupants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.make("persistentroom", "1", "moderatedroom", "1")
	c := w.enter(hag, "thirdwitch")
	c.Send("<presence to='" + room + "/thirdwitch'><show>away</show></presence>")
	text := savedRooms(t, w.Router).Save(c.Session)
	b, _ := w.again()
	resumed, other := b.Bind(t, hag), b.Bind(t, crone)
	savedRooms(t, b.Router).Load(resumed.Session, text)
	other.Send(join("firstwitch", ""))
	other.Expect("<presence from='" + room + "/thirdwitch' to='" + crone + "'><show>away</show><x xmlns='" + nsUser + "'><item affiliation='none' role='visitor' jid='" + hag + "'/></x>{more}</presence>")
	resumed.Expect("<presence from='" + room + "/firstwitch' to='" + hag + "'><x xmlns='" + nsUser + "'><item affiliation='owner' role='moderator'/></x>{more}</presence>")
	other.Send(groupchat("g", "x"))
	resumed.Expect("<message type='groupchat' id='g' from='" + room + "/firstwitch' to='" + hag + "'><body>x</body>{more}</message>")
}

// A session that could not be made again after a restart is no occupant for long.
func TestGhostOfRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.make("persistentroom", "1")
	c := w.enter(hag, "thirdwitch")
	b, m := w.again()
	other := b.Bind(t, crone)
	savedRooms(t, b.Router).Load(c.Session, savedRooms(t, w.Router).Save(c.Session)) // and it is not bound
	other.Send(join("firstwitch", ""))
	other.Expect("<presence from='" + room + "/thirdwitch' to='" + crone + "'>{any}</presence>")
	other.Next() // its own presence
	other.Next() // the subject
	m.EndGhosts(t.Context())
	other.Expect("<presence type='unavailable' from='" + room + "/thirdwitch' to='" + crone + "'><x xmlns='" + nsUser + "'><item affiliation='none' role='none' jid='" + hag + "'/><status code='333'/></x>{more}</presence>")
}

// XEP-0045 §18.1.2, §11.1: who cannot be reached any more is no occupant.
func TestGhosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.make()
	lost := w.enter(hag, "thirdwitch")
	owner.Got()
	lost.Break() // without a word
	owner.Expect("<presence type='unavailable' from='" + room + "/thirdwitch' to='" + crone + "'><x xmlns='" + nsUser + "'><item affiliation='none' role='none' jid='" + hag + "'/></x>{more}</presence>")
	failing := w.enter(wicca, "secondwitch")
	owner.Got()
	failing.Send("<presence type='error' to='" + room + "'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>")
	owner.Expect() // it says nothing about being there
	failing.Send("<message type='error' to='" + room + "'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>")
	owner.Expect("<presence type='unavailable' from='" + room + "/secondwitch' to='" + crone + "'><x xmlns='" + nsUser + "'><item affiliation='none' role='none' jid='" + wicca + "'/><status code='333'/></x>{more}</presence>")
}

// Whoever has the address of an account that is gone is nobody to its rooms.
func TestAccountRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.make("membersonly", "1", "persistentroom", "1")
	owner.Send(admin("a", "<item affiliation='member' jid='hag66@localhost' nick='thirdwitch'/>"))
	w.enter(hag, "thirdwitch")
	w.Remove(t, "hag66@localhost")
	w.Account(t, "hag66@localhost")
	c := w.Bind(t, "hag66@localhost/other")
	c.Send(join("thirdwitch", ""))
	if got := c.Got(); len(got) != 1 || outcome(t, got[0]) != "registration-required" {
		t.Errorf("got %q", got)
	}
	_, with, err := w.Store.Room(context.Background(), room)
	if err != nil || slices.ContainsFunc(with, func(a storage.RoomAffiliation) bool { return a.JID == "hag66@localhost" }) {
		t.Errorf("affiliated: %+v, %v", with, err)
	}
}
