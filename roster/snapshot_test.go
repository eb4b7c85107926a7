package roster

import (
	"fmt"
	"slices"
	"testing"

	"parley/internal/jid"
	"parley/storage"

	"pgregory.net/rapid"
)

// TestReplace: a snapshot changed item by item is the one read anew.
func TestReplace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := map[string]storage.RosterItem{}
		s := newSnapshot(&storage.Roster{})
		for v := range uint64(rapid.IntRange(1, 30).Draw(t, "changes")) {
			contact := fmt.Sprintf("c%d@example.com", rapid.IntRange(0, 8).Draw(t, "contact"))
			item := storage.RosterItem{Contact: contact}
			if rapid.Bool().Draw(t, "keep") {
				item.InRoster = rapid.Bool().Draw(t, "listed")
				item.Subscription = storage.Subscription(rapid.IntRange(0, 3).Draw(t, "subscription"))
				item.PendingIn = !item.InRoster
			}
			if item.InRoster || item.PendingIn {
				items[contact] = item
			} else {
				delete(items, contact)
			}
			s = s.replace(jid.MustParse(contact), &item, v)
			r := storage.Roster{Version: v}
			for _, i := range items {
				if i.Listed() || stateOf(&i) != None {
					r.Items = append(r.Items, i)
				}
			}
			if want := newSnapshot(&r); s.version != v || !slices.Equal(s.contacts, want.contacts) {
				t.Fatalf("got %+v, want %+v", s, want)
			}
		}
	})
}
