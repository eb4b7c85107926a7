package c2s_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/internal/xmpptest"
)

func chat(to string, id int) string {
	return fmt.Sprintf("<message to='%s' type='chat' id='%d'><body>%d</body></message>", to, id, id)
}

// messageIDs returns the ids of the messages among items.
func messageIDs(items []xmpptest.Item) []string {
	var ids []string
	for _, it := range items {
		if it.Tree != nil && it.Tree.Local == "message" {
			ids = append(ids, it.Tree.Attr("id"))
		}
	}
	return ids
}

func wantIDs(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got messages %v, want %v", got, want)
	}
}

// TestUnconfirmedComesAgain: what was written to a connection that is cut goes
// to storage, in order, although it may have arrived.
func TestUnconfirmedComesAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t)
		bob := s.Dial(t, xmpptest.TCP, "bob", "")
		alice := s.Dial(t, transport, "alice", "x")
		alice.Send("<presence/>")
		alice.Drain()
		for i := range 3 {
			bob.Send(chat("alice@localhost", i))
		}
		bob.Drain()
		wantIDs(t, messageIDs(alice.Drain()), "0", "1", "2")
		alice.Close() // without a word
		again := s.Dial(t, transport, "alice", "x")
		again.Send("<presence/>")
		wantIDs(t, messageIDs(again.Drain()), "0", "1", "2")
		again.Disconnect() // in order: all has arrived
		last := s.Dial(t, transport, "alice", "x")
		last.Send("<presence/>")
		wantIDs(t, messageIDs(last.Drain()))
	})
}

// TestPipelinedInputConfirmsNothing: what a client has sent before it got a
// message does not prove that the message arrived.
func TestPipelinedInputConfirmsNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	bob := s.Dial(t, xmpptest.TCP, "bob", "")
	for i := range 3 {
		bob.Send(chat("alice@localhost", i))
	}
	bob.Drain()
	c := bindRaw(t, s, "x")
	c.send("<presence/>" + strings.Repeat("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>", 3))
	for range 3 {
		c.until(" id='p' type='result'")
	}
	reset(c.Conn)
	alice := s.Dial(t, xmpptest.TCP, "alice", "x")
	alice.Send("<presence/>")
	wantIDs(t, messageIDs(alice.Drain()), "0", "1", "2")
}

// TestOtherSessionTakesOver: the account's other session gets what a broken one
// did not confirm, and nothing twice that both had.
func TestOtherSessionTakesOver(t *testing.T) {
	t.Parallel()
	s := start(t)
	bob := s.Dial(t, xmpptest.TCP, "bob", "")
	phone := bindRaw(t, s, "x")
	phone.send("<presence/>")
	laptop := s.Dial(t, xmpptest.WebSocket, "alice", "laptop")
	laptop.Send("<presence/>")
	laptop.Drain()
	bob.Send(chat("alice@localhost/x", 1)) // for the phone alone
	bob.Send(chat("alice@localhost", 2))   // for both
	bob.Drain()
	phone.until("<body>2</body>")
	reset(phone.Conn)
	s.Dial(t, xmpptest.TCP, "alice", "x").Disconnect() // the resource is free: the old session has handed back
	wantIDs(t, messageIDs(laptop.Drain()), "2", "1")
}

// TestConflict: the old session's end is complete before the new one begins.
func TestConflict(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t)
		s.AddContact(t, "alice", "bob", "both")
		bob := s.Dial(t, xmpptest.TCP, "bob", "")
		bob.Send("<presence/>")
		old := s.Dial(t, transport, "alice", "x")
		old.Send("<presence><status>old</status></presence>")
		old.Drain()
		bob.Drain()
		bob.Send(chat("alice@localhost/x", 1))
		bob.Drain()
		next := s.Dial(t, transport, "alice", "x") // old does not answer the end of its stream
		next.Send("<presence><status>new</status></presence>")
		wantIDs(t, messageIDs(next.Drain()), "1")
		var seen []string
		for _, it := range bob.Drain() {
			if it.Tree.Local == "presence" {
				seen = append(seen, it.Tree.Attr("type")+it.Tree.Child("jabber:client", "status").Text())
			}
		}
		if !slices.Equal(seen, []string{"unavailable", "new"}) {
			t.Errorf("bob saw %q", seen)
		}
	})
}
