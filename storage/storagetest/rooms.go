package storagetest

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"parley/storage"
	"parley/storage/sqlstore"
)

const coven, heath = "coven@conference.localhost", "heath@conference.localhost"

func room(jid string) storage.Room {
	return storage.Room{
		JID: jid, Creator: alice, Created: time.Date(2026, 5, 6, 7, 8, 9, 123456000, time.UTC), Locked: true,
		Public: true, Name: "A Dark Cave", Description: "Für Hexen", Lang: "en", Config: []byte(`{"a":1}`),
	}
}

var owner = storage.RoomAffiliation{JID: alice, Affiliation: "owner", Nick: "firstwitch"}

func (h *harness) wantRoom(t *testing.T, s *sqlstore.Store, want storage.Room, with ...storage.RoomAffiliation) {
	t.Helper()
	got, have, err := s.Room(h.ctx, want.JID)
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	if !slices.Equal(have, with) {
		t.Fatalf("affiliations: got %+v, want %+v", have, with)
	}
}

func testRooms(t *testing.T, h *harness) {
	s := h.store(t, alice)
	_, _, err := s.Room(h.ctx, coven)
	wantErr(t, err, storage.ErrNotFound)
	want := room(coven)
	must(t, s.CreateRoom(h.ctx, want, []storage.RoomAffiliation{owner}))
	wantErr(t, s.CreateRoom(h.ctx, storage.Room{JID: coven, Creator: bob}, nil), storage.ErrConflict)
	h.wantRoom(t, s, want, owner)

	want.Locked, want.Persistent, want.Public, want.Name, want.Config = false, true, false, "A Cave", []byte{0, 255}
	admin := storage.RoomAffiliation{JID: bob, Affiliation: "admin", Reason: "wise"}
	must(t, s.UpdateRoom(h.ctx, want, []storage.RoomAffiliation{admin}))
	h.wantRoom(t, s, want, owner, admin)
	must(t, s.UpdateRoom(h.ctx, want, []storage.RoomAffiliation{{JID: bob, Affiliation: "none"}}))

	want.VCard = []byte("<vCard xmlns='vcard-temp'/>")
	must(t, s.SetRoomVCard(h.ctx, coven, want.VCard))
	late := storage.RoomSubject{Payload: []byte("<subject>b</subject>"), By: "thirdwitch", ID: 7}
	h.wait(t, s.SetRoomSubject(h.ctx, coven, late))
	h.wait(t, s.SetRoomSubject(h.ctx, coven, storage.RoomSubject{Payload: []byte("<subject>a</subject>"), By: "x", ID: 6}))
	want.Subject = late
	h.wantRoom(t, h.store(t), want, owner)

	for _, err := range []error{
		s.UpdateRoom(h.ctx, room(heath), nil), s.SetRoomVCard(h.ctx, heath, nil), s.DeleteRoom(h.ctx, heath),
		s.ChangeAffiliations(h.ctx, heath, []storage.RoomAffiliation{owner}),
		storage.Wait(h.ctx, s.SetRoomSubject(h.ctx, heath, late)),
	} {
		wantErr(t, err, storage.ErrNotFound)
	}
}

func testRoomList(t *testing.T, h *harness) {
	s := h.store(t, alice)
	first, second := room(coven), room(heath)
	second.Creator = bob
	must(t, s.CreateRoom(h.ctx, second, nil))
	must(t, s.CreateRoom(h.ctx, first, nil))
	for after, want := range map[string][]storage.Room{"": {first, second}, coven: {second}, heath: nil} {
		got, err := s.Rooms(h.ctx, after, 0)
		must(t, err)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("after %q: got %+v, want %+v", after, got, want)
		}
	}
	got, err := s.Rooms(h.ctx, "", 1)
	must(t, err)
	equal(t, "rooms in a page of one", len(got), 1)
	for who, want := range map[string]int{alice: 1, bob: 1, carol: 0} {
		n, err := s.CountRooms(h.ctx, who)
		must(t, err)
		equal(t, "rooms of "+who, n, want)
	}
}

func testAffiliations(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	must(t, s.CreateRoom(h.ctx, room(coven), []storage.RoomAffiliation{owner}))
	must(t, s.CreateRoom(h.ctx, room(heath), nil))
	member := storage.RoomAffiliation{JID: bob, Affiliation: "member", Nick: "second"}
	banned := storage.RoomAffiliation{JID: "example.org", Affiliation: "outcast", Reason: "treason"}
	must(t, s.ChangeAffiliations(h.ctx, coven, []storage.RoomAffiliation{member, banned}))
	must(t, s.ChangeAffiliations(h.ctx, heath, []storage.RoomAffiliation{{JID: bob, Affiliation: "outcast"}}))
	h.wantRoom(t, s, room(coven), owner, member, banned)
	member.Nick = ""
	must(t, s.ChangeAffiliations(h.ctx, coven, []storage.RoomAffiliation{member, {JID: "example.org", Affiliation: "none"}}))
	h.wantRoom(t, s, room(coven), owner, member)

	// Whoever has the address later is somebody else, but stays banned.
	must(t, s.DeleteAccount(h.ctx, bob))
	h.wantRoom(t, s, room(coven), owner)
	h.wantRoom(t, s, room(heath), storage.RoomAffiliation{JID: bob, Affiliation: "outcast"})
}

// A room has an archive like an account, which goes with it.
func testRoomArchive(t *testing.T, h *harness) {
	s := h.store(t, alice)
	said := received(s, coven, 1)
	wantErr(t, storage.Wait(h.ctx, s.AppendMessage(h.ctx, said, storage.Append{})), storage.ErrNotFound)
	must(t, s.CreateRoom(h.ctx, room(coven), nil))
	said, other := received(s, coven, 2), received(s, alice, 3)
	h.append(t, s, storage.Append{}, said, other)
	rows, _, err := s.Archive(h.ctx, coven, storage.ArchiveFilter{Peer: bob}, storage.ArchivePage{Last: true, Max: 9})
	must(t, err)
	wantMessages(t, "said", rows, said)
	// Neighbours of one that is for nobody are stored all the same.
	lost := s.AppendMessage(h.ctx, received(s, heath, 4), storage.Append{})
	more := received(s, coven, 5)
	h.append(t, s, storage.Append{}, more)
	wantErr(t, storage.Wait(h.ctx, lost), storage.ErrNotFound)
	must(t, s.DeleteRoom(h.ctx, coven))
	equal(t, "left of the room", h.archiveCount(t, s, coven, storage.ArchiveFilter{}), 0)
	equal(t, "of others", h.archiveCount(t, s, alice, storage.ArchiveFilter{}), 1)
	wantErr(t, s.DeleteRoom(h.ctx, coven), storage.ErrNotFound)
}
