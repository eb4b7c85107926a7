package router_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestDelivery is the table of RFC 6121 §8.5.4: what becomes of a message by
// its type, its address and the sessions of the account. Where the text leaves
// a choice, ours is: all resources with a non-negative priority; an error
// rather than silence.
func TestDelivery(t *testing.T) {
	t.Parallel()
	const (
		nobody  = "nobody"  // the account does not exist
		none    = "none"    // no session
		bound   = "bound"   // bound, no presence
		minus   = "minus"   // a negative priority
		one     = "one"     // available as x
		another = "another" // available as y, x is not there
		mixed   = "mixed"   // x negative, y available
		many    = "many"    // x and y available
	)
	const bare, full = "bob@localhost", "bob@localhost/x"
	const (
		bounce = "bounce" // service-unavailable
		drop   = "drop"
		store  = "store"
		x      = "x"
		y      = "y"
		both   = "x and y"
	)
	table := []struct {
		to    string
		state string
		want  [5]string // normal, chat, groupchat, headline, error
	}{
		{bare, nobody, [5]string{bounce, bounce, bounce, drop, drop}},
		{full, nobody, [5]string{bounce, bounce, bounce, drop, drop}},
		{bare, none, [5]string{store, store, bounce, drop, drop}},
		{full, none, [5]string{bounce, store, bounce, drop, drop}},
		{bare, bound, [5]string{store, store, bounce, drop, drop}},
		{full, bound, [5]string{x, x, x, x, x}},
		{bare, minus, [5]string{store, store, bounce, drop, drop}},
		{full, minus, [5]string{x, x, x, x, x}},
		{bare, one, [5]string{x, x, bounce, x, drop}},
		{full, one, [5]string{x, x, x, x, x}},
		{bare, another, [5]string{y, y, bounce, y, drop}},
		{full, another, [5]string{bounce, y, bounce, drop, drop}},
		{bare, mixed, [5]string{y, y, bounce, y, drop}},
		{full, mixed, [5]string{x, x, x, x, x}},
		{bare, many, [5]string{both, both, bounce, both, drop}},
		{full, many, [5]string{x, x, x, x, x}},
	}
	types := []string{"normal", "chat", "groupchat", "headline", "error"}
	for _, row := range table {
		for i, want := range row.want {
			for _, typ := range aliases(types[i]) {
				t.Run(fmt.Sprintf("%s %s %q", row.to, row.state, typ), func(t *testing.T) {
					t.Parallel()
					to := row.to
					if row.state == nobody {
						to = "nobody@localhost" + strings.TrimPrefix(to, bare)
					}
					checkDelivery(t, row.state, to, typ, want)
				})
			}
		}
	}
}

// aliases: no type and unknown ones count as normal (§5.2.2).
func aliases(typ string) []string {
	if typ == "normal" {
		return []string{"normal", "", "no-such-type"}
	}
	return []string{typ}
}

func checkDelivery(t *testing.T, state, to, typ, want string) {
	t.Helper()
	w := newWorld(t)
	alice := w.bind("alice@localhost/a", 0)
	clients := map[string]*client{}
	bind := func(resource string, presence ...int8) {
		clients[resource] = w.bind("bob@localhost/"+resource, presence...)
	}
	switch state {
	case "bound":
		bind("x")
	case "minus":
		bind("x", -1)
	case "one":
		bind("x", 0)
	case "another":
		bind("y", 5)
	case "mixed":
		bind("x", -128)
		bind("y", 1)
	case "many":
		bind("x", 0)
		bind("y", 127)
	}
	attr := ""
	if typ != "" {
		attr = " type='" + typ + "'"
	}
	alice.send("<message to='" + to + "'" + attr + " id='1'><body>hello</body></message>")
	fates := map[string][]string{}
	for _, c := range clients {
		for range c.received() {
			fates[c.JID().Resource()] = append(fates[c.JID().Resource()], "got it")
		}
	}
	got := "drop"
	switch {
	case len(fates["x"]) == 1 && len(fates["y"]) == 1:
		got = "x and y"
	case len(fates["x"]) == 1:
		got = "x"
	case len(fates["y"]) == 1:
		got = "y"
	}
	if ids := w.offline(); len(ids) == 1 {
		got += " store"
	}
	if back := summaries(t, alice.received()); len(back) == 1 && back[0] == "message error 1 service-unavailable" {
		got += " bounce"
	} else if len(back) > 0 {
		t.Errorf("the sender got %q", back)
	}
	if got != want && got != "drop "+want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestMessageAddresses: other addresses than accounts.
func TestMessageAddresses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		xml  string
		want []string // what the sender gets
	}{
		"to nobody":          {"<message id='1' type='chat'><body/></message>", []string{"message chat 1"}}, // the own account, RFC 6120 §10.3.1
		"to the own bare":    {"<message id='1' type='chat' to='alice@localhost'/>", []string{"message chat 1"}},
		"to the own full":    {"<message id='1' type='chat' to='alice@localhost/a'/>", []string{"message chat 1"}},
		"to the server":      {"<message id='1' to='localhost'><body/></message>", []string{"message error 1 service-unavailable"}},
		"headline to it":     {"<message id='1' type='headline' to='localhost'/>", nil},
		"error to it":        {"<message id='1' type='error' to='localhost'/>", nil},
		"to its resource":    {"<message id='1' to='localhost/x'/>", []string{"message error 1 service-unavailable"}},
		"elsewhere":          {"<message id='1' to='a@example.org'/>", []string{"message error 1 remote-server-not-found"}},
		"error elsewhere":    {"<message id='1' type='error' to='a@example.org'/>", nil},
		"to a sub-domain":    {"<message id='1' to='rooms.localhost'/>", []string{"message error 1 remote-server-not-found"}},
		"presence to it":     {"<presence id='1' to='rooms.localhost'/>", []string{"presence error 1 remote-server-not-found"}},
		"goodbye elsewhere":  {"<presence id='1' type='unavailable' to='room@rooms.localhost/a'/>", []string{"presence error 1 remote-server-not-found"}},
		"its error":          {"<presence id='1' type='error' to='rooms.localhost'/>", nil},
		"subscription":       {"<presence id='1' type='subscribe' to='a@example.org'/>", []string{"presence error 1 remote-server-not-found"}},
		"presence type":      {"<presence id='1' type='invisible' to='bob@localhost'/>", []string{"presence error 1 bad-request"}},
		"presence to server": {"<presence id='1' to='localhost'/>", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			alice := w.bind("alice@localhost/a", 0)
			alice.send(c.xml)
			expect(t, "the sender", summaries(t, alice.received()), c.want...)
		})
	}
}

// TestPresenceDelivery: RFC 6121 §8.5.2.1.2, §8.5.3.
func TestPresenceDelivery(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		xml  string
		x, y []string // x is available, y only bound
	}{
		"bare":              {"<presence id='1' to='bob@localhost'/>", []string{"presence 1"}, nil},
		"bare, unavailable": {"<presence id='1' type='unavailable' to='bob@localhost'/>", []string{"presence unavailable 1"}, nil},
		"full":              {"<presence id='1' to='bob@localhost/x'/>", []string{"presence 1"}, nil},
		"full, bound only":  {"<presence id='1' to='bob@localhost/y'/>", nil, []string{"presence 1"}},
		"full, not there":   {"<presence id='1' to='bob@localhost/z'/>", nil, nil},
		"error":             {"<presence id='1' type='error' to='bob@localhost'/>", []string{"presence error 1"}, nil},
		"error, full":       {"<presence id='1' type='error' to='bob@localhost/x'/>", []string{"presence error 1"}, nil},
		"nobody's account":  {"<presence id='1' to='nobody@localhost'/>", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			alice, x, y := w.bind("alice@localhost/a", 0), w.bind("bob@localhost/x", -1), w.bind("bob@localhost/y")
			alice.send(c.xml)
			expect(t, "x", summaries(t, x.received()), c.x...)
			expect(t, "y", summaries(t, y.received()), c.y...)
			expect(t, "the sender", summaries(t, alice.received()))
		})
	}
}
