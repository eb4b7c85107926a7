package c2s_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/session"
	"parley/internal/xmpptest"
	"parley/stanza"
)

const nsSM = session.NSManagement

// managed is a client with stream management on. It counts, and acknowledges
// only when it is told to.
type managed struct {
	*xmpptest.Client
	t  *testing.T
	id string
	h  uint32 // stanzas it has got
}

// manage binds a client and makes its stream resumable.
func manage(t *testing.T, s *xmpptest.Server, transport xmpptest.Transport, user, resource string) *managed {
	t.Helper()
	m := &managed{Client: s.Dial(t, transport, user, resource), t: t}
	m.Send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
	enabled := m.next()
	if !enabled.Is(nsSM, "enabled") || enabled.Attr("resume") != "true" || enabled.Attr("id") == "" {
		t.Fatalf("got %s, want <enabled/>", enabled)
	}
	m.id = enabled.Attr("id")
	return m
}

// next returns the next element but for requests for a count, which are not
// answered.
func (m *managed) next() *stanza.Element {
	m.t.Helper()
	for {
		e := m.NextElement()
		if e.Is(nsSM, "r") {
			continue
		}
		if e.Space == stanza.NSClient {
			m.h++
		}
		return e
	}
}

// messages returns the ids of the next n stanzas, which are messages.
func (m *managed) messages(n int) []string {
	m.t.Helper()
	var ids []string
	for range n {
		e := m.next()
		if e.Local != "message" {
			m.t.Fatalf("got %s, want a message", e)
		}
		ids = append(ids, e.Attr("id"))
	}
	return ids
}

// counted asks for the server's count.
func (m *managed) counted() string {
	m.t.Helper()
	m.Send("<r xmlns='urn:xmpp:sm:3'/>")
	for {
		if e := m.next(); e.Is(nsSM, "a") {
			return e.Attr("h")
		}
	}
}

// reconnect authenticates a new stream for the same user.
func reconnect(t *testing.T, s *xmpptest.Server, transport xmpptest.Transport, user string) *xmpptest.Client {
	t.Helper()
	c := s.Open(t, transport)
	c.Authenticate(user, xmpptest.Password)
	return c
}

// resume comes back over a new connection, and returns the server's count.
func (m *managed) resume(s *xmpptest.Server, transport xmpptest.Transport, user string) string {
	m.t.Helper()
	m.Client = reconnect(m.t, s, transport, user)
	m.Send(fmt.Sprintf("<resume xmlns='urn:xmpp:sm:3' previd='%s' h='%d'/>", m.id, m.h))
	e := m.next()
	if !e.Is(nsSM, "resumed") || e.Attr("previd") != m.id {
		m.t.Fatalf("got %s, want <resumed/>", e)
	}
	return e.Attr("h")
}

// TestManagementErrors: XEP-0198 §3, §5, §6.
func TestManagementErrors(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t)
		bound := s.Dial(t, transport, "alice", "x")
		bobs := manage(t, s, transport, "bob", "x")
		unbound := reconnect(t, s, transport, "alice")
		for _, c := range []struct {
			client         *xmpptest.Client
			send, expected string
		}{
			{unbound, "<enable xmlns='urn:xmpp:sm:3'/>", "unexpected-request"},
			{unbound, "<r xmlns='urn:xmpp:sm:3'/>", "unexpected-request"},
			{unbound, "<resume xmlns='urn:xmpp:sm:3' previd='nobody' h='0'/>", "item-not-found"},
			{unbound, "<resume xmlns='urn:xmpp:sm:3' previd='" + bobs.id + "' h='0'/>", "item-not-found"}, // another account's
			{unbound, "<resume xmlns='urn:xmpp:sm:3' previd='x'/>", "bad-request"},
			{unbound, "<resume xmlns='urn:xmpp:sm:3' h='0'/>", "bad-request"},
			{unbound, "<resume xmlns='urn:xmpp:sm:3' previd='x' h='4294967296'/>", "bad-request"},
			{bound, "<r xmlns='urn:xmpp:sm:3'/>", "unexpected-request"},
			{bound, "<a xmlns='urn:xmpp:sm:3' h='0'/>", "unexpected-request"},
			{bound, "<enable xmlns='urn:xmpp:sm:3' resume='true' max='soon'/>", "bad-request"},
			{bound, "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>", "unexpected-request"},
			{bobs.Client, "<enable xmlns='urn:xmpp:sm:3'/>", "unexpected-request"},
		} {
			c.client.Send(c.send)
			e := c.client.NextElement()
			if !e.Is(nsSM, "failed") || e.Child(stanza.NSStanzaErrors, c.expected) == nil || e.Attr("h") != "" {
				t.Errorf("%s: got %s, want <failed/> with %s", c.send, e, c.expected)
			}
		}
		unbound.Bind("y") // XEP-0198 §5: the client may still bind
	})
}

// TestManagementMax: XEP-0198 §3: the client may prefer less, not more.
func TestManagementMax(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Limits.ResumeTime = 100 * time.Second })
	for max, want := range map[string]string{"": "100", "100": "100", "99": "99", "101": "100", "0": "100"} {
		c := s.Dial(t, xmpptest.TCP, "alice", "")
		c.Send("<enable xmlns='urn:xmpp:sm:3' resume='1' max='" + max + "'/>")
		if e := c.NextElement(); e.Attr("max") != want || e.Attr("location") != "" {
			t.Errorf("max %q: got %s, want max %s", max, e, want)
		}
	}
	c := s.Dial(t, xmpptest.TCP, "alice", "")
	c.Send("<enable xmlns='urn:xmpp:sm:3'/>")
	if e := c.NextElement(); !e.Is(nsSM, "enabled") || e.Attr("resume") != "" || e.Attr("id") != "" {
		t.Errorf("got %s for a stream that is not to be resumed", e)
	}
}

// TestHandledCountTooHigh: XEP-0198 §6, with what was sent and one more.
func TestHandledCountTooHigh(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t)
		m := manage(t, s, transport, "alice", "x")
		m.Send("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>")
		m.next()
		m.Send("<a xmlns='urn:xmpp:sm:3' h='1'/>")
		m.Send("<a xmlns='urn:xmpp:sm:3' h='0'/>") // overtaken
		if got := m.counted(); got != "1" {
			t.Errorf("got %s, want 1", got)
		}
		m.Send("<a xmlns='urn:xmpp:sm:3' h='2'/>")
		if e := m.next(); !e.Is(nsSM, "a") {
			t.Errorf("got %s, want the last count", e)
		}
		e := m.next()
		high := e.Child(nsSM, "handled-count-too-high")
		if e.Child(stanza.NSStreamErrors, "undefined-condition") == nil || high == nil ||
			high.Attr("h") != "2" || high.Attr("send-count") != "1" {
			t.Errorf("got %s", e)
		}
	})
}

// TestCount: all stanzas count, nothing else does (XEP-0198 §4).
func TestCount(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t)
		m := manage(t, s, transport, "alice", "x")
		if got := m.counted(); got != "0" {
			t.Errorf("got %s at first", got)
		}
		m.Send("<presence/>")
		m.Send("<message to='bob@localhost' type='chat'><body>x</body></message>")
		m.Send("<message to='a@b@c'/>") // refused, and counted
		m.Send("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>")
		m.Send("<active xmlns='urn:xmpp:csi:0'/>")
		if got := m.counted(); got != "4" {
			t.Errorf("got %s, want 4", got)
		}
	})
}

// TestResume: what was not acknowledged comes again, in order and once, with
// what came meanwhile; the counts go on (XEP-0198 §5).
func TestResume(t *testing.T) {
	t.Parallel()
	for _, from := range clear {
		for _, to := range clear {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				t.Parallel()
				checkResume(t, from, to)
			})
		}
	}
}

func checkResume(t *testing.T, from, to xmpptest.Transport) {
	s := start(t)
	bob := s.Dial(t, xmpptest.TCP, "bob", "")
	m := manage(t, s, from, "alice", "x")
	m.Send("<presence/>")
	m.next()
	for i := range 5 {
		bob.Send(chat("alice@localhost", i))
	}
	wantIDs(t, m.messages(2), "0", "1")
	m.Close() // 2 to 4 were written, perhaps read, and not acknowledged
	for i := 5; i < 7; i++ {
		bob.Send(chat("alice@localhost", i))
	}
	bob.Sync()
	if h := m.resume(s, to, "alice"); h != "1" {
		t.Errorf("got h %s, want 1", h)
	}
	wantIDs(t, m.messages(5), "2", "3", "4", "5", "6")
	m.Send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
	if e := m.next(); e.Attr("id") != "p" {
		t.Errorf("got %s after what was missed", e)
	}
	if got := m.counted(); got != "2" {
		t.Errorf("got %s, want 2", got)
	}
	m.Close()
	m.h -= 1 // the answer to the ping is lost
	m.resume(s, from, "alice")
	if e := m.next(); e.Attr("id") != "p" {
		t.Errorf("got %s, want what was not acknowledged", e)
	}
	if items := bob.Drain(); len(items) != 0 {
		t.Errorf("the sender got %v", items)
	}
}

// TestResumeReplaces: the old connection is told <conflict/>, and the session
// goes on over the new one; again and again (XEP-0198 §5).
func TestResumeReplaces(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		s := start(t)
		bob := s.Dial(t, xmpptest.TCP, "bob", "")
		m := manage(t, s, transport, "alice", "x")
		m.Send("<presence/>")
		m.next()
		for i := range 3 {
			old := m.Client
			m.resume(s, transport, "alice")
			expectEnd(t, old, stanza.StreamConflict)
			bob.Send(chat("alice@localhost/x", i))
			wantIDs(t, m.messages(1), strconv.Itoa(i))
		}
		m.Disconnect()
		c := reconnect(t, s, transport, "alice")
		c.Send("<resume xmlns='urn:xmpp:sm:3' previd='" + m.id + "' h='0'/>")
		if e := c.NextElement(); e.Child(stanza.NSStanzaErrors, "item-not-found") == nil {
			t.Errorf("got %s for a stream that was closed", e)
		}
	})
}

// TestResumeTooHigh: an h that is too high ends the new stream, not the session.
func TestResumeTooHigh(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := manage(t, s, xmpptest.TCP, "alice", "x")
	m.Close()
	c := reconnect(t, s, xmpptest.TCP, "alice")
	c.Send("<resume xmlns='urn:xmpp:sm:3' previd='" + m.id + "' h='1'/>")
	expectEnd(t, c, stanza.StreamUndefinedCondition)
	m.resume(s, xmpptest.TCP, "alice")
}

// TestDetachedIsAvailable: contacts see the session until its time is over; then
// what waited for it goes to the next one.
func TestDetachedIsAvailable(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Limits.ResumeTime = time.Second })
	other := s.Dial(t, xmpptest.TCP, "alice", "y")
	other.Send("<presence><priority>-1</priority></presence>")
	other.NextElement()
	m := manage(t, s, xmpptest.TCP, "alice", "x")
	m.Send("<presence/>")
	m.next()
	m.Send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
	m.Close()
	if e := other.NextElement(); e.Attr("type") != "" {
		t.Fatalf("got %s, want the presence of x", e)
	}
	if e := other.NextElement(); e.Attr("type") != "unavailable" || e.Attr("from") != "alice@localhost/x" {
		t.Fatalf("got %s, want x to leave when its time is over", e)
	}
	c := reconnect(t, s, xmpptest.TCP, "alice")
	c.Send("<resume xmlns='urn:xmpp:sm:3' previd='" + m.id + "' h='0'/>")
	if e := c.NextElement(); e.Child(stanza.NSStanzaErrors, "item-not-found") == nil || e.Attr("h") != "2" {
		t.Errorf("got %s, want <failed/> with h 2", e)
	}
}

// TestDetachedLimit: a session without a stream holds so many stanzas; with one
// more it ends, and nothing is lost.
func TestDetachedLimit(t *testing.T) {
	t.Parallel()
	for n, resumable := range map[int]bool{16: true, 17: false} {
		s := start(t, func(c *config.Config) { c.Limits.Unacked = 16 })
		bob := s.Dial(t, xmpptest.TCP, "bob", "")
		m := manage(t, s, xmpptest.TCP, "alice", "x")
		m.Send("<presence/>")
		m.next()
		m.Send("<a xmlns='urn:xmpp:sm:3' h='1'/>")
		m.counted()
		m.Close()
		var want []string
		for i := range n {
			bob.Send(chat("alice@localhost", i))
			want = append(want, strconv.Itoa(i))
		}
		bob.Sync()
		c := reconnect(t, s, xmpptest.TCP, "alice")
		c.Send("<resume xmlns='urn:xmpp:sm:3' previd='" + m.id + "' h='1'/>")
		if e := c.NextElement(); e.Is(nsSM, "resumed") != resumable {
			t.Errorf("%d stanzas: got %s", n, e)
		}
		if !resumable {
			c.Bind("y")
			c.Send("<presence/>")
			wantIDs(t, messageIDs(c.Drain()), want...)
			continue
		}
		m.Client = c
		wantIDs(t, m.messages(n), want...)
	}
}

// TestManyDevices: the oldest session without a connection makes room for a new
// one when the account has as many as it may.
func TestManyDevices(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Limits.ResourcesPerAccount = 2 })
	first := manage(t, s, xmpptest.TCP, "alice", "a")
	manage(t, s, xmpptest.TCP, "alice", "b")
	first.Close()
	third := manage(t, s, xmpptest.TCP, "alice", "c")
	c := reconnect(t, s, xmpptest.TCP, "alice")
	c.Send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
	if e := c.NextElement(); e.Attr("type") != "error" {
		t.Errorf("got %s, want an error: all sessions have a connection", e)
	}
	third.Sync()
}

// TestHideDetached: by configuration contacts see that a connection was lost,
// and that it is back.
func TestHideDetached(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.C2S.HideDetached = true })
	other := s.Dial(t, xmpptest.TCP, "alice", "y")
	other.Send("<presence><priority>-1</priority></presence>")
	other.NextElement()
	m := manage(t, s, xmpptest.TCP, "alice", "x")
	m.Send("<presence><show>dnd</show></presence>")
	m.skip(2)
	seen := func() string {
		e := other.NextElement()
		return e.Attr("from") + " " + e.Attr("type") + " " + e.Child(stanza.NSClient, "show").Text()
	}
	if got := seen(); got != "alice@localhost/x  dnd" {
		t.Fatalf("got %q", got)
	}
	m.Close()
	if got := seen(); got != "alice@localhost/x unavailable " {
		t.Errorf("got %q when the connection was lost", got)
	}
	m.resume(s, xmpptest.TCP, "alice")
	if got := seen(); got != "alice@localhost/x  dnd" {
		t.Errorf("got %q when it was back", got)
	}
}

// skip reads n stanzas.
func (m *managed) skip(n int) {
	m.t.Helper()
	for range n {
		m.next()
	}
}
