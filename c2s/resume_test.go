package c2s_test

import (
	"fmt"
	"testing"

	"parley/internal/xmpptest"
	"parley/stanza"
)

// TestResumeInline: XEP-0198 §7: after <success/> with <resumed/> the stream goes
// on at once, and features must not be sent.
func TestResumeInline(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t)
		m := manage(t, s, transport, "alice", "x")
		m.Send("<presence/>")
		m.next()
		m.Close()
		s.Dial(t, xmpptest.TCP, "bob", "").Send(chat("alice@localhost/x", 1))
		m.Client = opened2(t, s, transport)
		m.Send(authenticate2("alice", xmpptest.Password,
			fmt.Sprintf("<resume xmlns='urn:xmpp:sm:3' previd='%s' h='%d'/>", m.id, m.h), bind2Request))
		success := m.next()
		resumed := success.Child(nsSM, "resumed")
		if resumed.Attr("previd") != m.id || resumed.Attr("h") != "1" || success.Child("urn:xmpp:bind:0", "bound") != nil {
			t.Errorf("got %s", success)
		}
		wantIDs(t, m.messages(1), "1")
	})
}

// TestForgetfulClient: a client that has forgotten what it acknowledged cannot
// resume, and may bind.
func TestForgetfulClient(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := manage(t, s, xmpptest.TCP, "alice", "x")
	m.Send("<presence/>")
	m.next()
	m.Send("<a xmlns='urn:xmpp:sm:3' h='1'/>")
	m.counted()
	m.Close()
	c := reconnect(t, s, xmpptest.TCP, "alice")
	c.Send("<resume xmlns='urn:xmpp:sm:3' previd='" + m.id + "' h='0'/>")
	if e := c.NextElement(); e.Child(stanza.NSStanzaErrors, "item-not-found") == nil || e.Attr("h") != "1" {
		t.Errorf("got %s, want <failed/> with h 1", e)
	}
	c.Bind("x")
}
