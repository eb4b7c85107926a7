package router_test

import (
	"strings"
	"testing"
)

// TestForged: what only the server may add is taken out of what a client sends,
// every copy, wherever it stands, and nothing else is.
func TestForged(t *testing.T) {
	t.Parallel()
	const (
		body  = "<body>x</body>"
		id    = "<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='%'/>"
		delay = "<delay xmlns='urn:xmpp:delay' from='%' stamp='2002-09-10T23:08:25Z'/>"
	)
	by := func(pattern, who string) string { return strings.Replace(pattern, "%", who, 1) }
	cases := map[string]struct{ payload, want string }{
		"none":               {body, body},
		"ours":               {by(id, "localhost") + body, body},
		"the addressee's":    {body + by(id, "bob@localhost"), body},
		"the sender's":       {body + by(id, "alice@localhost"), body},
		"in capitals":        {body + by(id, "BOB@LocalHost"), body},
		"somebody's else":    {body + by(id, "room.example.org"), body + by(id, "room.example.org")},
		"by nobody":          {body + by(id, ""), body + by(id, "")},
		"many, in any order": {by(delay, "localhost") + by(id, "localhost") + body + by(id, "bob@localhost") + by(delay, "alice@localhost/x") + "<a xmlns='urn:a'/>" + by(id, "localhost"), body + "<a xmlns='urn:a'/>"},
		"between others":     {by(id, "a.example") + by(id, "localhost") + by(id, "b.example"), by(id, "a.example") + by(id, "b.example")},
		"delay of others":    {by(delay, "example.org") + body, by(delay, "example.org") + body},
		"like it":            {"<delay xmlns='urn:x' from='localhost'/>", "<delay xmlns='urn:x' from='localhost'/>"},
		"deeper":             {"<x xmlns='urn:x'>" + by(id, "localhost") + "</x>", "<x xmlns='urn:x'>" + by(id, "localhost") + "</x>"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			alice, bob := w.bind("alice@localhost/a", 0), w.bind("bob@localhost/x", 0)
			alice.send("<message to='bob@localhost' type='chat'>" + c.payload + "</message>")
			alice.send("<presence to='bob@localhost'>" + c.payload + "</presence>")
			got := bob.received()
			if len(got) != 2 || !strings.HasSuffix(got[0], "type='chat'>"+c.want+"</message>") || !strings.HasSuffix(got[1], "'>"+c.want+"</presence>") {
				t.Errorf("got  %q\nwant …%s…", got, c.want)
			}
		})
	}
}
