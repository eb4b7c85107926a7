package storagetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"parley/storage"
)

func testAccounts(t *testing.T, h *harness) {
	s := h.store(t)
	_, err := s.Account(h.ctx, "alice@localhost")
	wantErr(t, err, storage.ErrNotFound)
	before := time.Now().Add(-time.Second)
	must(t, s.CreateAccount(h.ctx, "alice@localhost", nil))
	wantErr(t, s.CreateAccount(h.ctx, "alice@localhost", nil), storage.ErrConflict)

	a, err := s.Account(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "JID", a.JID, "alice@localhost")
	equal(t, "disabled", a.Disabled, false)
	if a.Created.Before(before) || a.Created.After(time.Now().Add(time.Second)) {
		t.Errorf("created at %v", a.Created)
	}
	must(t, s.SetDisabled(h.ctx, "alice@localhost", true))
	a, err = s.Account(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "disabled", a.Disabled, true)
	wantErr(t, s.SetDisabled(h.ctx, "nobody@localhost", true), storage.ErrNotFound)
	must(t, s.Ping(h.ctx))
}

func testAccountListing(t *testing.T, h *harness) {
	s := h.store(t, "c@one", "a@one", "B@one", "a-b@one", "é@one", "a@two", "ab@one")
	var got []string
	after := ""
	for {
		page, err := s.Accounts(h.ctx, "one", after, 2)
		must(t, err)
		for _, a := range page {
			got = append(got, a.JID)
		}
		if len(page) < 2 {
			break
		}
		after = page[1].JID
	}
	// Byte order on every engine, whatever the database's locale.
	want := []string{"B@one", "a-b@one", "a@one", "ab@one", "c@one", "é@one"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	all, err := s.Accounts(h.ctx, "", "", 0)
	must(t, err)
	equal(t, "accounts of all domains", len(all), 7)
}

func testCredentials(t *testing.T, h *harness) {
	s := h.store(t)
	creds := []storage.Credential{
		{Mechanism: "SCRAM-SHA-1", Salt: []byte{0, 1, 255}, Iterations: 4096, StoredKey: []byte("s"), ServerKey: []byte("k")},
		{Mechanism: "SCRAM-SHA-256", Salt: []byte("salt"), Iterations: 10000, StoredKey: []byte{0}, ServerKey: []byte{0, 0}},
	}
	_, _, err := s.Credentials(h.ctx, "alice@localhost")
	wantErr(t, err, storage.ErrNotFound)
	wantErr(t, s.SetCredentials(h.ctx, "alice@localhost", creds), storage.ErrNotFound)

	must(t, s.CreateAccount(h.ctx, "alice@localhost", creds))
	a, got, err := s.Credentials(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "JID", a.JID, "alice@localhost")
	if a.Created.IsZero() || !reflect.DeepEqual(got, creds) {
		t.Fatalf("got %+v %+v, want %+v", a, got, creds)
	}
	must(t, s.SetCredentials(h.ctx, "alice@localhost", creds[1:]))
	_, got, err = s.Credentials(h.ctx, "alice@localhost")
	must(t, err)
	if !reflect.DeepEqual(got, creds[1:]) {
		t.Fatalf("got %+v, want %+v", got, creds[1:])
	}
	must(t, s.SetCredentials(h.ctx, "alice@localhost", nil))
	_, got, err = s.Credentials(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "credentials left", len(got), 0)
}

func testAccountDeletion(t *testing.T, h *harness) {
	const gone, stays = "alice@localhost", "bob@localhost"
	s := h.store(t, gone, stays)
	for _, pair := range [][2]string{{gone, stays}, {stays, gone}} {
		_, _, _, err := s.UpdateRoster(h.ctx, pair[0], pair[1], 10, listed)
		must(t, err)
		h.wait(t, s.AppendMessage(h.ctx, received(s, pair[0], 1), waits))
		h.wait(t, s.SetLastActivity(h.ctx, pair[0], storage.LastActivity{When: time.Now()}))
		must(t, s.SetCredentials(h.ctx, pair[0], []storage.Credential{{Mechanism: "SCRAM-SHA-1"}}))
		must(t, s.CreateInvite(h.ctx, storage.Invite{Token: "of " + pair[0], Creator: pair[0], Created: time.Now()}))
	}
	must(t, s.DeleteAccount(h.ctx, gone))
	wantErr(t, s.DeleteAccount(h.ctx, gone), storage.ErrNotFound)

	_, err := s.Account(h.ctx, gone)
	wantErr(t, err, storage.ErrNotFound)
	_, err = s.Roster(h.ctx, gone)
	wantErr(t, err, storage.ErrNotFound)
	_, err = s.UseInvite(h.ctx, "of "+gone, time.Now())
	wantErr(t, err, storage.ErrNotFound)
	wantErr(t, storage.Wait(h.ctx, s.AppendMessage(h.ctx, received(s, gone, 2), waits)), storage.ErrNotFound)
	_, _, _, err = s.UpdateRoster(h.ctx, gone, stays, 10, listed)
	wantErr(t, err, storage.ErrNotFound)

	// Made anew under the same name it owns nothing.
	must(t, s.CreateAccount(h.ctx, gone, nil))
	_, creds, err := s.Credentials(h.ctx, gone)
	must(t, err)
	equal(t, "credentials", len(creds), 0)
	r, err := s.Roster(h.ctx, gone)
	must(t, err)
	equal(t, "roster items", len(r.Items), 0)
	equal(t, "messages", len(h.undelivered(t, s, gone)), 0)
	_, err = s.LastActivity(h.ctx, gone)
	wantErr(t, err, storage.ErrNotFound)

	// The other account lost nothing, its roster item for the removed one included.
	r, err = s.Roster(h.ctx, stays)
	must(t, err)
	if len(r.Items) != 1 || r.Items[0].Contact != gone {
		t.Errorf("roster of the other account: %+v", r.Items)
	}
	n, err := s.CountUndelivered(h.ctx, stays)
	must(t, err)
	equal(t, "messages of the other account", n, 1)
	_, err = s.UseInvite(h.ctx, "of "+stays, time.Now())
	must(t, err)
}

func testUnicode(t *testing.T, h *harness) {
	jids := []string{"ж@пример.рф", "用户@例え.jp", "mañana@localhost", "👻@localhost", "o'neil%_\"\\@localhost", "12345@localhost"}
	s := h.store(t, jids...)
	for i, jid := range jids {
		a, err := s.Account(h.ctx, jid)
		must(t, err)
		equal(t, "JID", a.JID, jid)
		contact := jids[(i+1)%len(jids)]
		_, _, _, err = s.UpdateRoster(h.ctx, jid, contact, 10, func(item *storage.RosterItem, _ bool) (bool, error) {
			item.Name, item.Groups, item.InRoster = "Ünïcødé 👋", []string{"gr,üppe", "", "12", "new\nline"}, true
			return true, nil
		})
		must(t, err)
		r, err := s.Roster(h.ctx, jid)
		must(t, err)
		equal(t, "contact", r.Items[0].Contact, contact)
		equal(t, "name", r.Items[0].Name, "Ünïcødé 👋")
		equal(t, "groups", fmt.Sprintf("%q", r.Items[0].Groups), `["gr,üppe" "" "12" "new\nline"]`)
		h.wait(t, s.AppendMessage(h.ctx, received(s, jid, i), storage.Append{Undelivered: true, MaxUndelivered: 1}))
	}
	list, err := s.Accounts(h.ctx, "пример.рф", "", 10)
	must(t, err)
	equal(t, "accounts of the domain", len(list), 1)
}
