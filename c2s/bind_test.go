package c2s_test

import (
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/xmpptest"
	"parley/stanza"
)

func bindRequest(inside string) string {
	return "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>" + inside + "</bind></iq>"
}

// TestBind: RFC 6120 §7.6, §7.7.
func TestBind(t *testing.T) {
	t.Parallel()
	s := start(t)
	long := strings.Repeat("r", 1023)
	cases := map[string]struct{ request, jid, condition string }{
		"asked":             {bindRequest("<resource>Balcony 1</resource>"), "alice@localhost/Balcony 1", ""},
		"made":              {bindRequest(""), "alice@localhost/…", ""},
		"empty":             {bindRequest("<resource/>"), "alice@localhost/…", ""},
		"unicode":           {bindRequest("<resource>Büro</resource>"), "alice@localhost/Büro", ""},
		"escaped":           {bindRequest("<resource>&lt;a&amp;b&gt;</resource>"), "alice@localhost/<a&b>", ""},
		"as long as it may": {bindRequest("<resource>" + long + "</resource>"), "alice@localhost/" + long, ""},
		"too long":          {bindRequest("<resource>r" + long + "</resource>"), "", "bad-request"},
		"not allowed":       {bindRequest("<resource>a\tb</resource>"), "", "bad-request"},
		"a get":             {"<iq type='get' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "", "bad-request"},
		"without an id":     {"<iq type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "", "bad-request"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, transport xmpptest.Transport) {
				client := s.Open(t, transport)
				client.Authenticate("alice", xmpptest.Password)
				client.Send(c.request)
				got := client.NextElement()
				if c.condition != "" {
					if got.Attr("type") != "error" || got.Child(stanza.NSClient, "error").Child(stanza.NSStanzaErrors, c.condition) == nil {
						t.Errorf("got %s, want %s", got, c.condition)
					}
					client.Bind("") // it may try again
					return
				}
				if jid := got.Child(stanza.NSBind, "bind").Child(stanza.NSBind, "jid").Text(); !like(jid, c.jid) || got.Attr("from") != "" || got.Attr("to") != "" {
					t.Errorf("got %s, want %s", got, c.jid)
				}
			})
		})
	}
}

// TestMadeResources cannot be guessed and differ.
func TestMadeResources(t *testing.T) {
	t.Parallel()
	s := start(t)
	seen := map[string]bool{}
	for range 5 {
		c := s.Dial(t, xmpptest.WebSocket, "alice", "")
		_, resource, _ := strings.Cut(c.JID, "/")
		if len(resource) < 16 || seen[resource] {
			t.Errorf("resource %q", resource)
		}
		seen[resource] = true
	}
}

// TestResourceLimit: RFC 6120 §7.6.2.1.
func TestResourceLimit(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Limits.ResourcesPerAccount = 2 })
	s.Dial(t, xmpptest.TCP, "alice", "1")
	second := s.Dial(t, xmpptest.WebSocket, "alice", "2")
	third := s.Open(t, xmpptest.TCP)
	third.Authenticate("alice", xmpptest.Password)
	third.Send(bindRequest("<resource>3</resource>"))
	if got := third.NextElement(); got.Child(stanza.NSClient, "error").Child(stanza.NSStanzaErrors, "resource-constraint") == nil {
		t.Errorf("got %s", got)
	}
	second.Disconnect()
	third.Bind("3")
}

// TestBindTwice: a bound stream has its one resource.
func TestBindTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		c := s.Dial(t, transport, "alice", "")
		c.Send(bindRequest("<resource>again</resource>"))
		if got := c.NextElement(); got.Attr("type") != "error" || got.Attr("id") != "b" {
			t.Errorf("got %s, want an error", got)
		}
		c.Drain()
	})
}

// TestStamp: RFC 6120 §8.1.2.1, §8.1.5: what the server adds to a stanza.
func TestStamp(t *testing.T) {
	t.Parallel()
	s := start(t)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		bob := s.Dial(t, transport, "bob", "")
		me := "alice@localhost/" + string(transport)
		alice := s.Open(t, transport)
		alice.OpenWith("to='localhost' version='1.0' xml:lang='de'")
		expectHeader(t, alice)
		alice.NextElement()
		alice.Send(plainOfAlice)
		alice.NextElement()
		alice.OpenWith("to='localhost' version='1.0' xml:lang='de'")
		expectHeader(t, alice)
		alice.NextElement()
		alice.Bind(string(transport))
		for name, c := range map[string]struct{ sent, want string }{
			"nothing":              {"<message to='%'/>", "<message xmlns='jabber:client' from='" + me + "' to='%' xml:lang='de'></message>"},
			"own full":             {"<message from='" + me + "' to='%'/>", "<message xmlns='jabber:client' from='" + me + "' to='%' xml:lang='de'></message>"},
			"own bare":             {"<message from='alice@localhost' to='%' type='chat'/>", "<message xmlns='jabber:client' from='" + me + "' to='%' type='chat' xml:lang='de'></message>"},
			"a language":           {"<message to='%' xml:lang='fr'/>", "<message xmlns='jabber:client' from='" + me + "' to='%' xml:lang='fr'></message>"},
			"capitals":             {"<message to='" + strings.Replace(bob.JID, "bob@localhost", "BOB@LocalHost", 1) + "'/>", "<message xmlns='jabber:client' from='" + me + "' to='%' xml:lang='de'></message>"},
			"CDATA":                {"<message to='%'><body><![CDATA[<&>]]></body></message>", "<message xmlns='jabber:client' from='" + me + "' to='%' xml:lang='de'><body>&lt;&amp;&gt;</body>…</message>"},
			"prefix on the stanza": {"<message to='%' xmlns:a='urn:a'><a:b c='d'/></message>", "<message xmlns='jabber:client' from='" + me + "' to='%' xml:lang='de'><b xmlns='urn:a' c='d'/></message>"},
			"other attributes":     {"<message to='%' xmlns:a='urn:a' a:b='c' odd='1'/>", "<message xmlns='jabber:client' from='" + me + "' to='%' xml:lang='de'></message>"},
		} {
			alice.Send(strings.ReplaceAll(c.sent, "%", bob.JID))
			want := strings.ReplaceAll(c.want, "%", bob.JID)
			if got := bob.Next().Text; !like(got, want) { // "…": the archive's id
				t.Errorf("%s:\n got %s\nwant %s", name, got, want)
			}
		}
		alice.Send("<message to='@' id='m'/>")
		if got := alice.NextElement(); got.Attr("id") != "m" || got.Child(stanza.NSClient, "error").Child(stanza.NSStanzaErrors, "jid-malformed") == nil {
			t.Errorf("got %s, want jid-malformed", got)
		}
		alice.Send("<message to='@' type='error'/>")
		alice.ExpectNothing()
	})
}
