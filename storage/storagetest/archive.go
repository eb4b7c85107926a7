package storagetest

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"parley/storage"
	"parley/storage/sqlstore"
)

func (h *harness) archiveCount(t *testing.T, s *sqlstore.Store, account string, f storage.ArchiveFilter) int {
	t.Helper()
	n, err := s.ArchiveCount(h.ctx, account, f)
	must(t, err)
	return n
}

// archived is a message of an archive made for paging: one a second, of three
// peers in turn, every fifth not listed.
func archived(start time.Time, i int) storage.Message {
	peers := []string{bob, carol, alice}
	when := start.Add(time.Duration(i) * time.Second)
	return storage.Message{
		ID: storage.MessageID(when), Account: alice, Outgoing: i%2 == 0, Received: when,
		Peer: peers[i%3], PeerResource: []string{"a", "b"}[i/3%2], StanzaID: fmt.Sprintf("id-%d", i), Listed: i%5 != 4,
	}
}

func testArchive(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	const n = 60
	var all, listed []storage.Message
	for i := range n {
		m := archived(start, i)
		if all = append(all, m); m.Listed {
			listed = append(listed, m)
		}
	}
	h.append(t, s, storage.Append{}, all...)
	other := all[7]
	other.Account = bob
	h.append(t, s, storage.Append{}, other)

	for name, f := range archiveFilters(all) {
		want := slices.DeleteFunc(slices.Clone(listed), func(m storage.Message) bool { return !selects(f, m) })
		equal(t, name+": count", h.archiveCount(t, s, alice, f), len(want))
		if len(want) < 1 {
			t.Errorf("%s selects nothing", name)
		}
		for _, size := range []int{7, len(want) - 1, len(want), len(want) + 1} {
			h.pageForwards(t, s, name, f, max(size, 1), want)
			h.pageBackwards(t, s, name, f, max(size, 1), want)
		}
		for _, page := range []storage.ArchivePage{{}, {After: want[len(want)-1].ID}, {Before: want[0].ID}} {
			rows, complete, err := s.Archive(h.ctx, alice, f, page)
			must(t, err)
			equal(t, name+": rows of an empty page", len(rows), 0)
			equal(t, name+": nothing more", complete, page != storage.ArchivePage{})
		}
	}
}

// archiveFilters are all combinations of what a query may name.
func archiveFilters(all []storage.Message) map[string]storage.ArchiveFilter {
	filters := map[string]storage.ArchiveFilter{"all": {}}
	for name, add := range map[string]func(*storage.ArchiveFilter){
		"with":     func(f *storage.ArchiveFilter) { f.Peer = carol },
		"resource": func(f *storage.ArchiveFilter) { f.PeerResource = "b" },
		"start":    func(f *storage.ArchiveFilter) { f.Start = all[5].Received },
		"end":      func(f *storage.ArchiveFilter) { f.End = all[50].Received },
		"after":    func(f *storage.ArchiveFilter) { f.AfterID = all[8].ID },
		"before":   func(f *storage.ArchiveFilter) { f.BeforeID = all[45].ID },
		"ids": func(f *storage.ArchiveFilter) {
			for i := 0; i < 50; i += 2 {
				f.IDs = append(f.IDs, all[i].ID)
			}
		},
	} {
		for old, f := range maps.Clone(filters) {
			add(&f)
			filters[old+"+"+name] = f
		}
	}
	return filters
}

// selects is what the filter means, in plain words.
func selects(f storage.ArchiveFilter, m storage.Message) bool {
	return (f.Peer == "" || m.Peer == f.Peer && (f.PeerResource == "" || m.PeerResource == f.PeerResource)) &&
		(f.Start.IsZero() || !m.Received.Before(f.Start)) && (f.End.IsZero() || !m.Received.After(f.End)) &&
		m.ID > f.AfterID && (f.BeforeID == 0 || m.ID < f.BeforeID) &&
		(f.IDs == nil || slices.Contains(f.IDs, m.ID))
}

func (h *harness) pageForwards(t *testing.T, s *sqlstore.Store, name string, f storage.ArchiveFilter, size int, want []storage.Message) {
	t.Helper()
	var got []storage.Message
	page := storage.ArchivePage{Max: size}
	for complete := false; !complete; {
		rows, last, err := s.Archive(h.ctx, alice, f, page)
		must(t, err)
		if complete = last; len(rows) != size && !complete {
			t.Fatalf("%s: %d rows, want %d", name, len(rows), size)
		}
		got = append(got, rows...)
		page.After = got[len(got)-1].ID
	}
	wantMessages(t, name, got, want...)
}

func (h *harness) pageBackwards(t *testing.T, s *sqlstore.Store, name string, f storage.ArchiveFilter, size int, want []storage.Message) {
	t.Helper()
	var got []storage.Message
	page := storage.ArchivePage{Max: size, Last: true}
	for complete := false; !complete; {
		rows, first, err := s.Archive(h.ctx, alice, f, page)
		must(t, err)
		if complete = first; len(rows) != size && !complete {
			t.Fatalf("%s: %d rows, want %d", name, len(rows), size)
		}
		got = slices.Concat(rows, got)
		page = storage.ArchivePage{Max: size, Before: got[0].ID}
	}
	wantMessages(t, name, got, want...)
}

func testArchiveEnds(t *testing.T, h *harness) {
	s := h.store(t, alice)
	_, _, err := s.ArchiveEnds(h.ctx, alice)
	wantErr(t, err, storage.ErrNotFound)
	var list []storage.Message
	for i := range 4 {
		m := received(s, alice, i)
		m.Listed = i == 1 || i == 2
		list = append(list, m)
	}
	h.append(t, s, waits, list...)
	first, last, err := s.ArchiveEnds(h.ctx, alice)
	must(t, err)
	equal(t, "first", first, storage.MessageEnd{ID: list[1].ID, Received: list[1].Received})
	equal(t, "last", last, storage.MessageEnd{ID: list[2].ID, Received: list[2].Received})
	for name, test := range map[string]struct {
		ids  []int64
		want bool
	}{
		"none": {nil, true}, "one": {[]int64{list[1].ID}, true},
		"twice":    {[]int64{list[1].ID, list[2].ID, list[1].ID}, true},
		"unlisted": {[]int64{list[1].ID, list[0].ID}, false}, "unknown": {[]int64{7}, false},
	} {
		got, err := s.HasArchived(h.ctx, alice, test.ids...)
		must(t, err)
		equal(t, name, got, test.want)
	}
}

func testFindMessage(t *testing.T, h *harness) {
	s := h.store(t, alice)
	list := []storage.Message{received(s, alice, 1), received(s, alice, 2), received(s, alice, 1), received(s, alice, 1), received(s, alice, 1)}
	list[2].StanzaID, list[3].Peer, list[4].Listed = "other", carol, false
	h.append(t, s, waits, list...)
	for id, want := range map[string]storage.Message{"o-1": list[2], "id-1": list[0], "id-2": list[1], "other": list[2]} {
		got, err := s.FindMessage(h.ctx, alice, bob, id)
		must(t, err)
		wantMessages(t, id, []storage.Message{got}, want)
	}
	for _, who := range [][3]string{{alice, bob, "o-3"}, {alice, nobody, "o-1"}, {bob, alice, "o-1"}} {
		_, err := s.FindMessage(h.ctx, who[0], who[1], who[2])
		wantErr(t, err, storage.ErrNotFound)
	}
	// Far from the end, but not too far.
	var more []storage.Message
	for i := range 300 {
		more = append(more, received(s, alice, 1000+i))
	}
	h.append(t, s, storage.Append{}, more...)
	got, err := s.FindMessage(h.ctx, alice, bob, "id-2")
	must(t, err)
	wantMessages(t, "far", []storage.Message{got}, list[1])
	tombstone := list[0]
	tombstone.Payload = []byte("<retracted/>")
	h.wait(t, s.ReplaceMessage(h.ctx, tombstone))
	got, err = s.FindMessage(h.ctx, alice, bob, "id-1")
	must(t, err)
	wantMessages(t, "tombstone", []storage.Message{got}, tombstone)
	tombstone.ID = 1
	wantErr(t, storage.Wait(h.ctx, s.ReplaceMessage(h.ctx, tombstone)), storage.ErrNotFound)
}

// How far FindMessage looks back is bounded.
func testFindDepth(t *testing.T, h *harness) {
	s := h.store(t, alice)
	list := make([]storage.Message, sqlstore.FindDepth)
	for i := range list {
		list[i] = received(s, alice, i)
	}
	h.append(t, s, storage.Append{}, list...)
	_, err := s.FindMessage(h.ctx, alice, bob, list[0].OriginID)
	must(t, err)
	h.append(t, s, storage.Append{}, received(s, alice, -1))
	_, err = s.FindMessage(h.ctx, alice, bob, list[0].OriginID)
	wantErr(t, err, storage.ErrNotFound)
	_, err = s.FindMessage(h.ctx, alice, bob, list[1].OriginID)
	must(t, err)
}

func testRecentOrigins(t *testing.T, h *harness) {
	s := h.store(t, alice)
	var list []storage.Message
	for i := range 6 {
		m := received(s, alice, i)
		m.Outgoing = i != 3
		if i == 4 {
			m.OriginID = ""
		}
		list = append(list, m)
	}
	h.append(t, s, storage.Append{}, list...)
	got, err := s.RecentOrigins(h.ctx, alice, list[1].ID, 2)
	must(t, err)
	var want []storage.Message
	for _, i := range []int{5, 2, 1} {
		m := list[i]
		want = append(want, storage.Message{ID: m.ID, Account: alice, Outgoing: true, OriginID: m.OriginID, From: m.From, To: m.To, Peer: m.Peer})
	}
	wantMessages(t, "two", got, want[:2]...)
	got, err = s.RecentOrigins(h.ctx, alice, list[1].ID, 10)
	must(t, err)
	wantMessages(t, "all", got, want...)
}

func testPurge(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	var list []storage.Message
	for i := range 10 {
		m := received(s, alice, i)
		m.Listed = i != 2
		list = append(list, m)
	}
	h.append(t, s, storage.Append{}, append(slices.Clone(list[:3]), list[4:]...)...)
	h.append(t, s, waits, list[3])
	for _, want := range []int{2, 2, 1, 0} { // 0 1, 4 5, 6
		n, err := s.PurgeMessages(h.ctx, alice, list[7].ID, 2)
		must(t, err)
		equal(t, "purged", n, want)
	}
	rows, _, err := s.Archive(h.ctx, alice, storage.ArchiveFilter{}, storage.ArchivePage{Max: 20})
	must(t, err)
	wantMessages(t, "left", rows, append([]storage.Message{list[3]}, list[7:]...)...)
	n, err := s.PurgeMessages(h.ctx, bob, list[9].ID, 2)
	must(t, err)
	equal(t, "bob's", n, 0)
}

func testArchiveRules(t *testing.T, h *harness) {
	s := h.store(t, alice)
	_, err := s.ArchiveRules(h.ctx, alice)
	wantErr(t, err, storage.ErrNotFound)
	wantErr(t, s.SetArchiveRules(h.ctx, nobody, storage.ArchiveRules{}), storage.ErrNotFound)
	for _, want := range []storage.ArchiveRules{
		{Default: "roster", Always: []string{bob, carol + "/a b,c"}, Never: []string{"x"}},
		{Default: "never"},
	} {
		must(t, s.SetArchiveRules(h.ctx, alice, want))
		got, err := s.ArchiveRules(h.ctx, alice)
		must(t, err)
		equal(t, "rules", fmt.Sprintf("%q", got), fmt.Sprintf("%q", want))
	}
}
