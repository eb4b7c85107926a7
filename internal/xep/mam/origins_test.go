package mam

import (
	"errors"
	"fmt"
	"testing"

	"parley/internal/jid"
	"parley/storage"
)

var errDisk = errors.New("the disk is gone")

func begun(o *origins, account, origin string) (*attempt, bool) {
	j := jid.MustParse(account)
	if !o.loaded(j) {
		o.load(j, nil)
	}
	return o.begin(&attempt{
		account: j, key: originKey{jid.MustParse("juliet@localhost"), origin}, stanzaID: origin, left: 1, done: make(chan struct{}),
	}, nil)
}

// TestOriginsKept: of one account the last maxOrigins are remembered.
func TestOriginsKept(t *testing.T) {
	t.Parallel()
	var o origins
	for i := range maxOrigins {
		begun(&o, "romeo@localhost", fmt.Sprint(i))
	}
	if _, fresh := begun(&o, "romeo@localhost", "0"); fresh {
		t.Error("the first one is forgotten at the limit")
	}
	begun(&o, "romeo@localhost", "one more")
	if _, fresh := begun(&o, "romeo@localhost", "0"); !fresh {
		t.Error("the first one is remembered above the limit")
	}
	if o.count != maxOrigins {
		t.Errorf("%d are counted, want %d", o.count, maxOrigins)
	}
}

// TestOriginsInAll: above the limit the account that was silent for the longest
// time is forgotten, and read again when it sends.
func TestOriginsInAll(t *testing.T) {
	t.Parallel()
	o := origins{limit: 4}
	begun(&o, "a@localhost", "1")
	begun(&o, "b@localhost", "1")
	begun(&o, "c@localhost", "1")
	begun(&o, "a@localhost", "2")
	if !o.loaded(jid.MustParse("b@localhost")) {
		t.Error("an account is forgotten at the limit")
	}
	begun(&o, "d@localhost", "1")
	for account, want := range map[string]bool{"a@localhost": true, "b@localhost": false, "c@localhost": true, "d@localhost": true} {
		if got := o.loaded(jid.MustParse(account)); got != want {
			t.Errorf("%s: remembered %t, want %t", account, got, want)
		}
	}
	if _, fresh := o.begin(&attempt{account: jid.MustParse("b@localhost"), done: make(chan struct{})}, nil); !fresh {
		t.Error("an account that was just forgotten cannot send")
	}
	o.drop(jid.MustParse("a@localhost"))
	if o.count != 2 {
		t.Errorf("%d are counted, want 2", o.count)
	}
}

// TestAttemptFails: the first error decides for all who wait; the name is free
// again, but for the row that the sender's archive may have.
func TestAttemptFails(t *testing.T) {
	t.Parallel()
	var o origins
	a, _ := begun(&o, "romeo@localhost", "1")
	a.left = 2
	told := 0
	a.Then(func() { told++ })
	o.settle(a, errDisk)
	o.settle(a, nil)
	a.Then(func() { told++ })
	if <-a.Done(); !errors.Is(a.Err(), errDisk) || told != 2 {
		t.Errorf("got %v, told %d times", a.Err(), told)
	}
	a, fresh := begun(&o, "romeo@localhost", "1")
	if !fresh {
		t.Fatal("the name is taken")
	}
	o.stores(a, 7)
	o.settle(a, errDisk)
	if a, _ = begun(&o, "romeo@localhost", "1"); a.row != 7 {
		t.Errorf("got row %d, want 7", a.row)
	}
}

// TestAttemptDone: it is done when the last row is stored.
func TestAttemptDone(t *testing.T) {
	t.Parallel()
	var o origins
	a, _ := begun(&o, "romeo@localhost", "1")
	a.left = 2
	o.settle(a, nil)
	if a.isDone() {
		t.Fatal("done with one row of two")
	}
	o.settle(a, nil)
	if <-a.Done(); a.Err() != nil {
		t.Error(a.Err())
	}
	o.bounced(a.account, a.key.peer, "1")
	if a.Err() != nil {
		t.Error("what is stored failed afterwards")
	}
}

// TestLoadedLate: what was read before counts, and who reads second is late.
func TestLoadedLate(t *testing.T) {
	t.Parallel()
	var o origins
	account := jid.MustParse("romeo@localhost")
	o.load(account, []storage.Message{{ID: 2, Peer: "juliet@localhost", OriginID: "b"}, {ID: 1, Peer: "juliet@localhost", OriginID: "a"}})
	o.load(account, []storage.Message{{ID: 3, Peer: "juliet@localhost", OriginID: "c"}})
	for origin, row := range map[string]int64{"a": 1, "b": 2, "c": 0} {
		if a, _ := begun(&o, "romeo@localhost", origin); a.row != row {
			t.Errorf("%s: got row %d, want %d", origin, a.row, row)
		}
	}
}

// TestRulesCached: of the accounts asked for, the last maxRulesCached are held.
func TestRulesCached(t *testing.T) {
	t.Parallel()
	var c rulesCache
	account := func(i int) jid.JID { return jid.MustParse(fmt.Sprintf("a%d@localhost", i)) }
	for i := range maxRulesCached {
		c.read(account(i), &rules{})
	}
	if c.get(account(0)) == nil {
		t.Error("the first one is dropped at the limit")
	}
	c.read(account(maxRulesCached), &rules{})
	if c.get(account(0)) == nil || c.get(account(1)) != nil {
		t.Error("above the limit the one asked for the longest time ago is not dropped")
	}
	set := &rules{otherwise: DefaultNever}
	c.set(account(0), set)
	if c.read(account(0), &rules{}) != set {
		t.Error("what was read replaces what was set")
	}
	c.drop(account(0))
	if c.get(account(0)) != nil {
		t.Error("what was dropped is there")
	}
}
