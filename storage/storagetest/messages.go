package storagetest

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"parley/storage"
	"parley/storage/sqlstore"
)

const (
	alice  = "alice@localhost"
	bob    = "bob@localhost"
	carol  = "carol@localhost"
	nobody = "nobody@localhost"
)

var waits = storage.Append{Undelivered: true}

// received makes the nth message of an account, from bob.
func received(s interface{ NewMessageID() int64 }, account string, n int) storage.Message {
	id := s.NewMessageID()
	return storage.Message{
		ID: id, Account: account, Peer: bob, PeerResource: "Büro", Received: storage.MessageTime(id),
		From: bob + "/Büro", To: account + "/☎", StanzaID: fmt.Sprintf("id-%d", n), OriginID: fmt.Sprintf("o-%d", n),
		Type: "chat", Lang: "de", Payload: fmt.Appendf(nil, "<body>%d – \x00\xff</body>", n), Listed: true,
	}
}

// append stores messages and waits for them.
func (h *harness) append(t *testing.T, s *sqlstore.Store, a storage.Append, messages ...storage.Message) {
	t.Helper()
	var pending []storage.Pending
	for _, m := range messages {
		pending = append(pending, s.AppendMessage(h.ctx, m, a))
	}
	for _, p := range pending {
		h.wait(t, p)
	}
}

func (h *harness) undelivered(t *testing.T, s *sqlstore.Store, account string) []storage.Message {
	t.Helper()
	list, err := s.Undelivered(h.ctx, account, 0, 0)
	must(t, err)
	return list
}

func wantMessages(t *testing.T, what string, got []storage.Message, want ...storage.Message) {
	t.Helper()
	equal(t, "number of "+what, len(got), len(want))
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("%s: got %+v, want %+v", what, got[i], want[i])
		}
	}
}

func testMessages(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	var sent []storage.Message
	for i := range 5 {
		sent = append(sent, received(s, alice, i))
	}
	h.append(t, s, waits, sent...)
	bare := storage.Message{Account: bob, ID: s.NewMessageID(), Outgoing: true}
	h.append(t, s, waits, bare)
	for _, a := range []storage.Append{{Undelivered: true, MaxUndelivered: 9}, waits, {}} {
		err := storage.Wait(h.ctx, s.AppendMessage(h.ctx, received(s, nobody, 0), a))
		wantErr(t, err, storage.ErrNotFound)
	}
	first, err := s.Undelivered(h.ctx, alice, 0, 3)
	must(t, err)
	wantMessages(t, "first page", first, sent[:3]...)
	rest, err := s.Undelivered(h.ctx, alice, first[2].ID, 3)
	must(t, err)
	wantMessages(t, "second page", rest, sent[3:]...)
	wantMessages(t, "bob's", h.undelivered(t, s, bob), bare)
	for account, want := range map[string]int{alice: 5, bob: 1, nobody: 0} {
		n, err := s.CountUndelivered(h.ctx, account)
		must(t, err)
		equal(t, "undelivered of "+account, n, want)
	}
	some, err := s.UndeliveredOf(h.ctx, alice, []int64{sent[3].ID, bare.ID, sent[1].ID})
	must(t, err)
	if want := []int64{sent[1].ID, sent[3].ID}; !reflect.DeepEqual(some, want) {
		t.Errorf("got %v, want %v", some, want)
	}
	none, err := s.UndeliveredOf(h.ctx, alice, nil)
	must(t, err)
	equal(t, "undelivered of none", len(none), 0)
}

// The same id for two accounts is fine, twice for one is refused and harms no
// neighbour.
func testMessageTwice(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	release := h.hold(t, s)
	m := received(s, alice, 0)
	copied := m
	copied.Account = bob
	good := []storage.Pending{s.AppendMessage(h.ctx, m, waits), s.AppendMessage(h.ctx, copied, waits)}
	twice := s.AppendMessage(h.ctx, m, waits)
	good = append(good, s.AppendMessage(h.ctx, received(s, alice, 1), waits))
	release()
	for _, p := range good {
		h.wait(t, p)
	}
	if err := storage.Wait(h.ctx, twice); err == nil {
		t.Error("the same id was stored twice")
	}
	equal(t, "alice's", len(h.undelivered(t, s, alice)), 2)
	equal(t, "bob's", len(h.undelivered(t, s, bob)), 1)
}

func testMessageIDs(t *testing.T, h *harness) {
	s := h.store(t, alice)
	const racers, each = 8, 2000
	before := storage.MessageID(time.Now())
	ids := make([][]int64, racers)
	var wg sync.WaitGroup
	for r := range racers {
		wg.Go(func() {
			for range each {
				ids[r] = append(ids[r], s.NewMessageID())
			}
		})
	}
	wg.Wait()
	seen := map[int64]bool{}
	for _, list := range ids {
		last := before
		for _, id := range list {
			if id <= last || seen[id] {
				t.Fatalf("%d after %d, seen before: %v", id, last, seen[id])
			}
			last, seen[id] = id, true
		}
	}
	// The clock was set back by ten years while the server was down.
	late := received(s, alice, 0)
	late.ID = storage.MessageID(time.Now().AddDate(10, 0, 0))
	h.append(t, s, storage.Append{}, late)
	if id := h.store(t).NewMessageID(); id <= late.ID {
		t.Errorf("got %d, not above %d", id, late.ID)
	}
}

func testQuota(t *testing.T, h *harness) {
	s := h.store(t, alice)
	const quota, senders = 20, 50
	limited := storage.Append{Undelivered: true, MaxUndelivered: quota}
	release := h.hold(t, s)
	var pending []storage.Pending
	for i := range senders {
		pending = append(pending, s.AppendMessage(h.ctx, received(s, alice, i), limited))
	}
	release()
	for i, p := range pending {
		if err := storage.Wait(h.ctx, p); i < quota {
			must(t, err)
		} else {
			wantErr(t, err, storage.ErrQuota)
		}
	}
	kept := h.undelivered(t, s, alice)
	equal(t, "messages", len(kept), quota)
	equal(t, "last", kept[quota-1].StanzaID, fmt.Sprintf("id-%d", quota-1))

	h.append(t, s, storage.Append{MaxUndelivered: 1}, received(s, alice, 0)) // waits for nobody
	release = h.hold(t, s)
	settled := s.SettleMessages([]storage.MessageRef{{Account: alice, ID: kept[0].ID}})
	fits := s.AppendMessage(h.ctx, received(s, alice, 0), limited)
	over := s.AppendMessage(h.ctx, received(s, alice, 0), limited)
	unlimited := s.AppendMessage(h.ctx, received(s, alice, 0), waits)
	release()
	for _, p := range []storage.Pending{settled, fits, unlimited} {
		h.wait(t, p)
	}
	wantErr(t, storage.Wait(h.ctx, over), storage.ErrQuota)
	n, err := s.CountUndelivered(h.ctx, alice)
	must(t, err)
	equal(t, "waiting", n, quota+1)
	// A limit lowered below what is there refuses, and loses nothing.
	limited.MaxUndelivered = 5
	wantErr(t, storage.Wait(h.ctx, s.AppendMessage(h.ctx, received(s, alice, 0), limited)), storage.ErrQuota)
	h.append(t, s, waits, received(s, alice, 0))
}

func testSettle(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	var list []storage.Message
	var odd, all []storage.MessageRef
	const n = 300
	for i := range n {
		m := received(s, []string{alice, bob}[i%2], i)
		m.Listed = i%3 == 0
		list = append(list, m)
		all = append(all, storage.MessageRef{Account: m.Account, ID: m.ID})
		if i/2%2 == 1 {
			odd = append(odd, all[i])
		}
	}
	h.append(t, s, waits, list...)
	odd = append(odd, odd[0], storage.MessageRef{Account: nobody, ID: 1}, storage.MessageRef{Account: alice, ID: 1})
	h.wait(t, s.SettleMessages(odd))
	h.wait(t, s.SettleMessages(odd)) // once more does no harm
	h.wait(t, s.SettleMessages(nil))
	for a, account := range []string{alice, bob} {
		var want []storage.Message
		archived := 0
		for i, m := range list {
			if i%2 == a && i/2%2 == 0 {
				want = append(want, m)
			}
			if i%2 == a && m.Listed {
				archived++
			}
		}
		wantMessages(t, "left", h.undelivered(t, s, account), want...)
		equal(t, "archived", h.archiveCount(t, s, account, storage.ArchiveFilter{}), archived)
	}
	h.wait(t, s.SettleMessages(all))
	equal(t, "left", len(h.undelivered(t, s, alice)), 0)
	// Of those that are not listed nothing is left: their ids are free.
	h.append(t, s, waits, list[2])
}

// What is appended and settled in one transaction does not wait.
func testSettleAtOnce(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	release := h.hold(t, s)
	var refs []storage.MessageRef
	var pending []storage.Pending
	for i := range 4 {
		m := received(s, []string{alice, bob}[i%2], i)
		m.Listed = i < 2
		a := waits
		if i == 3 {
			a.MaxUndelivered = 10
		}
		pending = append(pending, s.AppendMessage(h.ctx, m, a))
		refs = append(refs, storage.MessageRef{Account: m.Account, ID: m.ID})
	}
	pending = append(pending, s.SettleMessages(refs[:1]), s.SettleMessages(refs[1:]))
	release()
	for _, p := range pending {
		h.wait(t, p)
	}
	for _, account := range []string{alice, bob} {
		n, err := s.CountUndelivered(h.ctx, account)
		must(t, err)
		equal(t, "undelivered", n, 0)
		equal(t, "archived", h.archiveCount(t, s, account, storage.ArchiveFilter{}), 1)
	}
}

func testSettleArchived(t *testing.T, h *harness) {
	s := h.store(t, alice, bob)
	var list []storage.Message
	for i := range 6 {
		m := received(s, alice, i)
		m.Listed = i != 1
		list = append(list, m)
	}
	release := h.hold(t, s)
	var pending []storage.Pending
	for _, m := range list[:4] {
		pending = append(pending, s.AppendMessage(h.ctx, m, waits))
	}
	// The last of them is stored after it was said, though its id is below.
	pending = append(pending, s.SettleArchived(h.ctx, alice, list[4].ID), s.AppendMessage(h.ctx, list[4], waits),
		s.AppendMessage(h.ctx, list[5], waits))
	release()
	for _, p := range pending {
		h.wait(t, p)
	}
	wantMessages(t, "left", h.undelivered(t, s, alice), list[1], list[4], list[5])
}

// hold occupies the committer until release is called, so that what is written
// meanwhile shares a batch.
func (h *harness) hold(t *testing.T, s *sqlstore.Store) (release func()) {
	t.Helper()
	const held = "held@localhost"
	if err := s.CreateAccount(h.ctx, held, nil); err != nil {
		wantErr(t, err, storage.ErrConflict)
	}
	return h.block(t, func(change func(*storage.RosterItem, bool) (bool, error)) error {
		_, _, _, err := s.UpdateRoster(h.ctx, held, "x", 0, change)
		return err
	})
}
