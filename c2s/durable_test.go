package c2s_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/internal/config"
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

// TestReadComesOnce: a client that has read everything and closes its
// connection without a word does not get it again.
func TestReadComesOnce(t *testing.T) {
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
		alice.Close()                               // without a word
		again := s.Dial(t, transport, "alice", "x") // the old session has ended then
		again.Send("<presence/>")
		wantIDs(t, messageIDs(again.Drain()))
	})
}

// TestUnreadComesAgain: what has arrived at the client's machine but was not
// read when its connection was closed goes to storage, in order.
func TestUnreadComesAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	bob := s.Dial(t, xmpptest.TCP, "bob", "")
	alice := bindRaw(t, s, "x")
	alice.send("<presence/>")
	alice.until("</presence>")
	for i := range 3 {
		bob.Send(chat("alice@localhost", i))
	}
	bob.Drain()
	waitUnread(t, alice.Conn)
	_ = alice.Conn.Close() // the kernel resets what has unread data
	again := s.Dial(t, xmpptest.TCP, "alice", "x")
	again.Send("<presence/>")
	wantIDs(t, messageIDs(again.Drain()), "0", "1", "2")
	again.Disconnect() // in order: all has arrived
	last := s.Dial(t, xmpptest.TCP, "alice", "x")
	last.Send("<presence/>")
	wantIDs(t, messageIDs(last.Drain()))
}

// waitUnread returns when c has something to read; a kernel tells nobody.
func waitUnread(t *testing.T, c net.Conn) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(xmpptest.Patience)); err != nil {
		t.Fatal(err)
	}
	err = raw.Read(func(fd uintptr) bool {
		n, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return err == nil && n > 0
	})
	if err != nil {
		t.Fatal(err)
	}
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
	var got []string
	for len(got) < 2 { // the second comes from storage
		got = append(got, messageIDs([]xmpptest.Item{laptop.Next()})...)
	}
	wantIDs(t, append(got, messageIDs(laptop.Drain())...), "2", "1")
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

// TestUnarchived: what no archive takes, and whose sender is not told what was
// stored, is in storage only while nobody has it. It is not lost for that.
func TestUnarchived(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Archive.Default = "never" })
	waiting := func() int {
		n, err := s.Store.CountUndelivered(t.Context(), "alice@localhost")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	bob := s.Dial(t, xmpptest.TCP, "bob", "")
	phone := bindRaw(t, s, "x")
	phone.send("<presence/><iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
	phone.until(" id='p' type='result'") // nothing waits for the phone
	for i := range 3 {
		bob.Send(chat("alice@localhost", i))
	}
	bob.Drain()
	phone.until("<body>2</body>")
	if n := waiting(); n != 0 {
		t.Errorf("%d messages are in storage while they are on their way", n)
	}
	reset(phone.Conn)
	s.Dial(t, xmpptest.TCP, "alice", "x").Disconnect() // the old session has handed back
	for waiting() != 3 {                               // they are written without anybody waiting for it
		time.Sleep(time.Millisecond)
	}
	managed := manage(t, s, xmpptest.TCP, "bob", "m")
	managed.Send(chat("alice@localhost", 3)) // is told when it is stored
	if h := managed.counted(); h != "1" {
		t.Errorf("got h %s", h)
	}
	alice := s.Dial(t, xmpptest.TCP, "alice", "x")
	alice.Send("<presence/>")
	wantIDs(t, messageIDs(alice.Drain()), "0", "1", "2", "3")
}
