package c2s_test

import (
	"testing"

	"parley/internal/config"
	"parley/internal/xmpptest"
	"parley/stanza"
)

// restart stops the server and starts another on the same data.
func restart(t *testing.T, s *xmpptest.Server) *xmpptest.Server {
	t.Helper()
	s.Stop(t)
	return xmpptest.Start(t, xmpptest.Options{Change: func(c *config.Config) {
		c.DataDir, c.Limits = s.Config.DataDir, s.Config.Limits
	}})
}

// TestResumeOverRestart: a server that stops in order lets its clients resume
// with the one that starts after it: what they had not acknowledged comes, the
// counts go on, contacts see them as before.
func TestResumeOverRestart(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t)
		bob := s.Dial(t, xmpptest.TCP, "bob", "")
		lost := manage(t, s, transport, "alice", "lost")
		lost.Send("<presence><show>dnd</show></presence>")
		lost.next()
		there := manage(t, s, transport, "alice", "there")
		there.Send("<presence><priority>-1</priority></presence>")
		there.skip(2)
		lost.skip(1)
		for i := range 2 {
			bob.Send(chat("alice@localhost", i))
		}
		wantIDs(t, lost.messages(1), "0")
		lost.Close()
		bob.Send(chat("alice@localhost", 2))
		bob.Sync()
		there.Send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
		there.skip(1)

		old := there.Client
		s = restart(t, s)
		expectEnd(t, old, stanza.StreamSystemShutdown)
		bob = s.Dial(t, xmpptest.TCP, "bob", "")
		bob.Send(chat("alice@localhost", 3))
		bob.Sync()
		if h := lost.resume(s, transport, "alice"); h != "1" {
			t.Errorf("got h %s, want 1", h)
		}
		wantIDs(t, lost.messages(3), "1", "2", "3")
		bob.Send(chat("alice@localhost", 4))
		wantIDs(t, lost.messages(1), "4")
		if h := there.resume(s, transport, "alice"); h != "2" {
			t.Errorf("got h %s, want 2", h)
		}
		if got := there.counted(); got != "2" {
			t.Errorf("got %s, want the count to go on", got)
		}
		third := s.Dial(t, xmpptest.TCP, "alice", "third")
		third.Send("<presence><priority>-1</priority></presence>")
		shown := map[string]string{}
		for range 3 {
			e := third.NextElement()
			shown[e.Attr("from")] = e.Child(stanza.NSClient, "show").Text()
		}
		if shown["alice@localhost/lost"] != "dnd" {
			t.Errorf("a new session sees %v", shown)
		}
	})
}

// TestResumeTwiceOverRestart: a session that was not resumed is there after the
// next restart too; one that was closed is not.
func TestResumeTwiceOverRestart(t *testing.T) {
	t.Parallel()
	s := start(t)
	kept := manage(t, s, xmpptest.TCP, "alice", "kept")
	closed := manage(t, s, xmpptest.TCP, "alice", "closed")
	s = restart(t, restart(t, s))
	closed.resume(s, xmpptest.TCP, "alice")
	closed.Disconnect()
	s = restart(t, s)
	kept.resume(s, xmpptest.TCP, "alice")
	c := reconnect(t, s, xmpptest.TCP, "alice")
	c.Send("<resume xmlns='urn:xmpp:sm:3' previd='" + closed.id + "' h='0'/>")
	if e := c.NextElement(); e.Child(stanza.NSStanzaErrors, "item-not-found") == nil {
		t.Errorf("got %s for a stream that was closed", e)
	}
}
