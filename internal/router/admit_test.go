package router_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"parley/internal/module"
	"parley/stanza"
)

// each is a stanza of every kind to an address, and an answer that nobody asked for.
func each(to string) []string {
	return []string{
		fmt.Sprintf("<message id='m' to='%s' type='chat'><body>a</body></message>", to),
		fmt.Sprintf("<presence id='p' to='%s'/>", to),
		fmt.Sprintf("<iq id='g' type='get' to='%s'><query xmlns='a'/></iq>", to),
		fmt.Sprintf("<iq id='r' type='result' to='%s'/>", to),
	}
}

// TestToAccount: whatever is for an account or a session of it, existing or not,
// passes one hook before all others, once.
func TestToAccount(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"bob@localhost", "bob@localhost/b", "bob@localhost/gone"} {
		w := newWorld(t)
		var seen []string
		w.Hooks.ToAccount.Add(module.StageCheck, func(_ context.Context, ev *module.Event) error {
			seen = append(seen, ev.ID)
			return stanza.NewError(stanza.NotAllowed, "")
		})
		alice, bob := w.bind("alice@localhost/a", 0), w.bind("bob@localhost/b", 0)
		for _, xml := range each(to) {
			alice.send(xml)
		}
		if want := []string{"m", "p", "g", "r"}; !slices.Equal(seen, want) {
			t.Errorf("%s: the hook saw %q, want %q", to, seen, want)
		}
		// The errors are the server's own and pass; a result has none.
		expect(t, "alice", summaries(t, alice.received()), "message error m not-allowed",
			"presence error p not-allowed", "iq error g not-allowed")
		expect(t, "bob", summaries(t, bob.received()))
	}
}

// TestFromClient: whatever a client sends to somebody passes one hook before all
// others; what is for its own account or for all does not.
func TestFromClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var seen []string
	w.Hooks.FromClient.Add(module.StageCheck, func(_ context.Context, ev *module.Event) error {
		seen = append(seen, ev.ID+" "+ev.To.String())
		return stanza.NewError(stanza.NotAllowed, "")
	})
	alice := w.bind("alice@localhost/a", 0)
	var want []string
	for _, to := range []string{"bob@localhost", "bob@example.org/b", "localhost"} {
		for _, xml := range each(to) {
			alice.send(xml)
		}
		want = append(want, "m "+to, "p "+to, "g "+to, "r "+to)
		expect(t, "alice", summaries(t, alice.received()), "message error m not-allowed",
			"presence error p not-allowed", "iq error g not-allowed")
	}
	alice.send("<presence id='all'/>")
	alice.send("<iq id='own' type='get'><query xmlns='a'/></iq>")
	if !slices.Equal(seen, want) {
		t.Errorf("the hook saw %q, want %q", seen, want)
	}
}
