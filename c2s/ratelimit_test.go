package c2s_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/xmpptest"
)

// TestRateLimits: within the burst nobody is slowed down; over it the limit is
// hit, everything is answered all the same, and others notice nothing.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	off := func(c *config.Config) {
		c.Limits.RateStanzas, c.Limits.RateStanzasBurst, c.Limits.RateBytes, c.Limits.RateBytesBurst = 0, 0, 0, 0
	}
	for name, c := range map[string]struct {
		change       func(*config.Config)
		fits, slowed int // pings, of 1000 bytes each
	}{
		"stanzas": {func(c *config.Config) { off(c); c.Limits.RateStanzas, c.Limits.RateStanzasBurst = 50, 30 }, 20, 100},
		"bytes":   {func(c *config.Config) { off(c); c.Limits.RateBytes, c.Limits.RateBytesBurst = 50_000, 30_000 }, 20, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, transport xmpptest.Transport) {
				s, log := startLogged(t, c.change)
				s.AddUser(t, "bob")
				alice := s.Dial(t, transport, "alice", "")
				pings(t, alice, c.fits)
				if got := log.lines("limit=rate"); len(got) > 0 {
					t.Errorf("within the burst: %q", got)
				}
				bob := s.Dial(t, transport, "bob", "")
				pings(t, alice, c.slowed)
				log.await(t, "limit=rate", "jid="+alice.JID)
				pings(t, bob, 1)
				if got := log.lines("limit=rate", "jid="+bob.JID); len(got) > 0 {
					t.Errorf("another is slowed down: %q", got)
				}
			})
		})
	}
}

// pings sends n at once and reads all answers.
func pings(t *testing.T, c *xmpptest.Client, n int) {
	t.Helper()
	for i := range n {
		c.Send(sized(fmt.Sprintf("<iq type='get' id='r%d'><ping xmlns='urn:xmpp:ping'>", i), "</ping></iq>", 1000))
	}
	for i := range n {
		if got := c.NextElement(); got.Attr("id") != fmt.Sprintf("r%d", i) || got.Attr("type") != "result" {
			t.Fatalf("answer %d is %s", i, strings.TrimSpace(got.String()))
		}
	}
}
