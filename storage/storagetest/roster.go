package storagetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"

	"parley/storage"
)

// listed is a change that puts the item into the roster.
func listed(item *storage.RosterItem, _ bool) (bool, error) {
	item.InRoster = true
	return true, nil
}

// remove is a change that removes the item.
func remove(*storage.RosterItem, bool) (bool, error) { return false, nil }

// full is an item that uses every field.
func full(contact string) storage.RosterItem {
	return storage.RosterItem{
		Contact: contact, Name: "Bob", Groups: []string{"Friends", "Work"},
		Subscription: storage.From, Ask: true, Approved: true, InRoster: true,
		PendingIn: true, PendingStanza: []byte("<status>hi\x00</status>"),
	}
}

func testRosterItems(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	empty, err := s.Roster(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "items", len(empty.Items), 0)

	want := full("bob@localhost")
	before, after, version, err := s.UpdateRoster(h.ctx, "alice@localhost", "bob@localhost", 10,
		func(item *storage.RosterItem, exists bool) (bool, error) {
			if exists || !reflect.DeepEqual(*item, storage.RosterItem{Contact: "bob@localhost"}) {
				return false, fmt.Errorf("got %+v, exists %v", *item, exists)
			}
			*item = want
			return true, nil
		})
	must(t, err)
	want.Version = version
	equal(t, "version", version, empty.Version+1)
	if !reflect.DeepEqual(before, storage.RosterItem{Contact: "bob@localhost"}) || !reflect.DeepEqual(after, want) {
		t.Fatalf("got before %+v, after %+v", before, after)
	}
	// One that is only pending in is kept, but not listed.
	_, _, version, err = s.UpdateRoster(h.ctx, "alice@localhost", "carol@localhost", 10,
		func(item *storage.RosterItem, _ bool) (bool, error) {
			item.PendingIn, item.PendingStanza = true, []byte("<x/>")
			return true, nil
		})
	must(t, err)
	r, err := s.Roster(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "roster version", r.Version, version)
	if len(r.Items) != 2 || !reflect.DeepEqual(r.Items[0], want) || r.Items[1].Listed() || !r.Items[1].PendingIn {
		t.Fatalf("got %+v", r.Items)
	}
}

func testRosterChange(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	update := func(change func(*storage.RosterItem, bool) (bool, error)) (before, after storage.RosterItem, version uint64, err error) {
		return s.UpdateRoster(h.ctx, "alice@localhost", "bob@localhost", 10, change)
	}
	_, _, v1, err := update(func(item *storage.RosterItem, _ bool) (bool, error) { *item = full(""); return true, nil })
	must(t, err)

	// The same state again writes nothing.
	before, after, v, err := update(func(item *storage.RosterItem, exists bool) (bool, error) {
		if !exists {
			return false, errors.New("the item is missing")
		}
		item.Groups = slices.Clone(item.Groups)
		return true, nil
	})
	must(t, err)
	equal(t, "version", v, v1)
	if !reflect.DeepEqual(before, after) {
		t.Errorf("before %+v, after %+v", before, after)
	}
	// What change did to the item's slices before it failed is forgotten.
	refused := errors.New("refused")
	_, _, _, err = update(func(item *storage.RosterItem, _ bool) (bool, error) {
		item.Groups[0], item.PendingStanza[0] = "spoiled", 'X'
		return true, refused
	})
	wantErr(t, err, refused)
	r, err := s.Roster(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "version", r.Version, v1)
	equal(t, "group", r.Items[0].Groups[0], "Friends")

	_, after, v, err = update(remove)
	must(t, err)
	equal(t, "version after removal", v, v1+1)
	equal(t, "removed item is listed", after.Listed(), false)
	_, _, v, err = update(remove)
	must(t, err)
	equal(t, "version after removing nothing", v, v1+1)
	_, _, _, err = s.UpdateRoster(h.ctx, "nobody@localhost", "bob@localhost", 10, listed)
	wantErr(t, err, storage.ErrNotFound)
}

func testRosterConcurrent(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	start, err := s.Roster(h.ctx, "alice@localhost")
	must(t, err)
	const n = 100
	versions := make([]uint64, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			// Half of them change the same item: each must see the last one's work.
			contact := "shared@localhost"
			if i%2 == 0 {
				contact = fmt.Sprintf("c%d@localhost", i)
			}
			_, _, v, err := s.UpdateRoster(h.ctx, "alice@localhost", contact, n, func(item *storage.RosterItem, _ bool) (bool, error) {
				item.InRoster, item.Name = true, item.Name+"x"
				return true, nil
			})
			if err != nil {
				t.Error(err)
			}
			versions[i] = v
		})
	}
	wg.Wait()
	slices.Sort(versions)
	for i, v := range versions {
		equal(t, "version", v, start.Version+uint64(i)+1)
	}
	r, err := s.Roster(h.ctx, "alice@localhost")
	must(t, err)
	equal(t, "roster version", r.Version, start.Version+n)
	equal(t, "items", len(r.Items), n/2+1)
	last := r.Items[len(r.Items)-1]
	equal(t, "changes of the shared item", len(last.Name), n/2)
}

func testRosterQuota(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	const quota = 3
	add := func(i int, change func(*storage.RosterItem, bool) (bool, error)) error {
		_, _, _, err := s.UpdateRoster(h.ctx, "alice@localhost", fmt.Sprintf("c%d@localhost", i), quota, change)
		return err
	}
	pending := func(item *storage.RosterItem, _ bool) (bool, error) { item.PendingIn = true; return true, nil }
	must(t, add(0, pending)) // unlisted items do not count
	for i := 1; i <= quota; i++ {
		must(t, add(i, listed))
	}
	wantErr(t, add(quota+1, listed), storage.ErrQuota)
	wantErr(t, add(0, listed), storage.ErrQuota)
	must(t, add(quota+2, pending))
	must(t, add(1, func(item *storage.RosterItem, _ bool) (bool, error) { item.Name = "renamed"; return true, nil }))
	must(t, add(1, remove))
	must(t, add(quota+1, listed))
	_, _, _, err := s.UpdateRoster(h.ctx, "alice@localhost", "more@localhost", 0, listed)
	must(t, err)
}

func testRosterSince(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	update := func(contact string, change func(*storage.RosterItem, bool) (bool, error)) uint64 {
		t.Helper()
		_, _, v, err := s.UpdateRoster(h.ctx, "alice@localhost", contact, 0, change)
		must(t, err)
		return v
	}
	check := func(since uint64, changed, removed []string) {
		t.Helper()
		d, ok, err := s.RosterSince(h.ctx, "alice@localhost", since)
		must(t, err)
		equal(t, "ok", ok, true)
		var got []string
		for _, i := range d.Changed {
			got = append(got, i.Contact)
		}
		if !slices.Equal(got, changed) || !slices.Equal(d.Removed, removed) {
			t.Fatalf("since %d: got changed %q, removed %q, want %q, %q", since, got, d.Removed, changed, removed)
		}
	}
	r, err := s.Roster(h.ctx, "alice@localhost")
	must(t, err)
	v0 := r.Version
	check(v0, nil, nil)
	v1 := update("a", listed)
	v2 := update("b", listed)
	check(v0, []string{"a", "b"}, nil)
	check(v1, []string{"b"}, nil)
	check(v2, nil, nil)

	v3 := update("a", remove)
	check(v2, nil, []string{"a"})
	check(v0, []string{"b"}, []string{"a"})
	v4 := update("a", listed) // comes back
	check(v3, []string{"a"}, nil)
	check(v2, []string{"a"}, nil)
	check(v0, []string{"b", "a"}, nil)
	update("b", func(item *storage.RosterItem, _ bool) (bool, error) {
		item.InRoster, item.PendingIn = false, true // leaves the roster, is kept
		return true, nil
	})
	check(v4, nil, []string{"b"})

	d, _, err := s.RosterSince(h.ctx, "alice@localhost", v4)
	must(t, err)
	equal(t, "version", d.Version, v4+1)
	for _, unknown := range []uint64{0, 1, v0 - 1, v4 + 2, 1<<64 - 1} {
		_, ok, err := s.RosterSince(h.ctx, "alice@localhost", unknown)
		must(t, err)
		equal(t, fmt.Sprintf("version %d known", unknown), ok, false)
	}
	_, _, err = s.RosterSince(h.ctx, "nobody@localhost", 0)
	wantErr(t, err, storage.ErrNotFound)
}

func testRosterTombstones(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	r, err := s.Roster(h.ctx, "alice@localhost")
	must(t, err)
	update := func(contact string, change func(*storage.RosterItem, bool) (bool, error)) (uint64, error) {
		_, _, v, err := s.UpdateRoster(h.ctx, "alice@localhost", contact, 0, change)
		return v, err
	}
	const n = 300
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			contact := fmt.Sprintf("c%d", i)
			if _, err := update(contact, listed); err != nil {
				t.Error(err)
			}
			if _, err := update(contact, remove); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	// The start is too long ago: tombstones are bounded.
	_, ok, err := s.RosterSince(h.ctx, "alice@localhost", r.Version)
	must(t, err)
	equal(t, "first version known", ok, false)
	// The last 200 changes are surely known, and the delta is consistent.
	d, ok, err := s.RosterSince(h.ctx, "alice@localhost", r.Version+2*n-200)
	must(t, err)
	equal(t, "recent version known", ok, true)
	equal(t, "changed", len(d.Changed), 0)
	if len(d.Removed) < 100 || len(d.Removed) > 200 {
		t.Errorf("%d removed", len(d.Removed))
	}
}

func testRosterNewOwner(t *testing.T, h *harness) {
	s := h.store(t, "alice@localhost")
	_, _, old, err := s.UpdateRoster(h.ctx, "alice@localhost", "bob@localhost", 0, listed)
	must(t, err)
	must(t, s.DeleteAccount(h.ctx, "alice@localhost"))
	must(t, s.CreateAccount(h.ctx, "alice@localhost", nil))
	// A version cached in the account's former life is unknown, never mistaken.
	_, ok, err := s.RosterSince(h.ctx, "alice@localhost", old)
	must(t, err)
	equal(t, "old version known", ok, false)
}
