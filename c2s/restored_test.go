package c2s_test

import (
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/xmpptest"
	"parley/stanza"
)

// restartWith restarts the server with another configuration.
func restartWith(t *testing.T, s *xmpptest.Server, change func(*config.Config)) *xmpptest.Server {
	t.Helper()
	s.Stop(t)
	return xmpptest.Start(t, xmpptest.Options{Change: func(c *config.Config) {
		c.DataDir, c.Limits = s.Config.DataDir, s.Config.Limits
		change(c)
	}})
}

// TestRestartWithLessTime: sessions of before the restart wait no longer than is
// configured now.
func TestRestartWithLessTime(t *testing.T) {
	t.Parallel()
	for name, resume := range map[string]time.Duration{"none": 0, "little": time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			m := manage(t, s, xmpptest.TCP, "alice", "x")
			m.Send("<presence/>")
			m.next()
			s = restartWith(t, s, func(c *config.Config) { c.Limits.ResumeTime = resume })
			other := s.Dial(t, xmpptest.TCP, "alice", "y")
			other.Send("<presence/>")
			seen := other.Drain()
			if resume > 0 {
				for e := other.NextElement(); e.Attr("type") != "unavailable"; e = other.NextElement() {
				}
			} else if len(seen) != 1 {
				t.Errorf("got %v, want the own presence only", seen)
			}
			c := reconnect(t, s, xmpptest.TCP, "alice")
			c.Send("<resume xmlns='urn:xmpp:sm:3' previd='" + m.id + "' h='0'/>")
			if e := c.NextElement(); e.Child(stanza.NSStanzaErrors, "item-not-found") == nil || e.Attr("h") != "1" {
				t.Errorf("got %s, want <failed/> with h 1", e)
			}
		})
	}
}

// TestRestartElsewhere: sessions of a domain that is not served any more do not
// come back.
func TestRestartElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := manage(t, s, xmpptest.TCP, "alice", "x")
	m.Send("<presence/>")
	m.next()
	s = restartWith(t, s, func(c *config.Config) { c.Domain = "elsewhere.example" })
	s = restartWith(t, s, func(c *config.Config) { c.Domain = "localhost" })
	c := reconnect(t, s, xmpptest.TCP, "alice")
	c.Send("<resume xmlns='urn:xmpp:sm:3' previd='" + m.id + "' h='0'/>")
	if e := c.NextElement(); e.Child(stanza.NSStanzaErrors, "item-not-found") == nil {
		t.Errorf("got %s", e)
	}
}

// TestDisabledOverRestart: contacts hear that the session of an account that was
// disabled while the server did not run is gone.
func TestDisabledOverRestart(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.AddContact(t, "alice", "bob", "both")
	bob := manage(t, s, xmpptest.TCP, "bob", "x")
	bob.Send("<presence/>")
	bob.next()
	alice := manage(t, s, xmpptest.TCP, "alice", "x")
	alice.Send("<presence/>")
	bob.next()
	alice.Sync()
	if err := s.Store.SetDisabled(t.Context(), "alice@localhost", true); err != nil {
		t.Fatal(err)
	}
	s = restart(t, s)
	bob.resume(s, xmpptest.TCP, "bob")
	if e := bob.next(); e.Attr("type") != "unavailable" || e.Attr("from") != "alice@localhost/x" {
		t.Errorf("got %s, want alice to leave", e)
	}
}

// TestEarlyOverRestart: what a client was sent before it enabled stream
// management has arrived if it resumes, and does not come again.
func TestEarlyOverRestart(t *testing.T) {
	t.Parallel()
	s := start(t)
	bob := s.Dial(t, xmpptest.TCP, "bob", "")
	for i := range 2 {
		bob.Send(chat("alice@localhost", i))
	}
	bob.Sync()
	m := &managed{Client: s.Dial(t, xmpptest.TCP, "alice", "x"), t: t}
	m.Send("<presence/>")
	m.NextElement()
	wantIDs(t, m.messages(2), "0", "1")
	m.Send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
	m.id, m.h = m.next().Attr("id"), 0
	bob.Send(chat("alice@localhost", 2))
	wantIDs(t, m.messages(1), "2")
	m.h = 0 // that one is lost
	s = restart(t, s)
	m.resume(s, xmpptest.TCP, "alice")
	wantIDs(t, m.messages(1), "2")
	m.Send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
	if e := m.next(); e.Attr("id") != "p" {
		t.Errorf("got %s again", e)
	}
}
