package c2s_test

import (
	"strings"
	"testing"

	"parley/internal/xmpptest"
)

// TestRevoked: a session of an account that was removed is told, and nothing
// that it still sends is handled.
func TestRevoked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t)
		bob := s.Dial(t, xmpptest.TCP, "bob", "")
		bob.Send("<presence/>")
		bob.Drain()
		other := s.Dial(t, transport, "alice", "")
		other.Drain()
		alice := s.Dial(t, transport, "alice", "")
		alice.Drain()
		alice.Send("<iq type='set' id='r'><query xmlns='jabber:iq:register'><remove/></query></iq>")
		alice.NextElement() // the result, or the end already
		if it := other.Next(); !strings.Contains(it.Text, "not-authorized") {
			t.Errorf("got %s", it.Text)
		}
		other.Send(chat("bob@localhost", 1))
		other.Disconnect()
		wantIDs(t, messageIDs(bob.Drain()))
	})
}
