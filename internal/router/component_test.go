package router_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// TestComponent: what is for a domain with an owner of its own goes there, with
// its sender, and comes back as an error if the owner says so.
func TestComponent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got []string
	w.Component(jid.MustParse("rooms.localhost"), func(_ context.Context, ev *module.Event) error {
		got = append(got, summary(t, string(ev.AppendTo(nil)))+" "+ev.To.String())
		if ev.Session == nil {
			t.Errorf("%s has no session", ev.ID)
		}
		return map[string]error{
			"quiet": module.ErrHandled, "refused": stanza.NewError(stanza.NotAcceptable, ""), "ours": errors.New("lost"),
		}[ev.ID]
	})
	alice := w.bind("alice@localhost/a", 0)
	for _, xml := range []string{
		"<message id='fine' to='a@rooms.localhost'/>",
		"<presence id='quiet' to='a@rooms.localhost/b'/>",
		"<iq type='get' id='refused' to='rooms.localhost'><query xmlns='a'/></iq>",
		"<message id='ours' to='b@rooms.localhost'/>",
		"<iq type='get' id='empty' to='rooms.localhost'/>", // RFC 6120 §8.2.3: refused before
		"<message id='other' to='a@others.localhost'/>",
	} {
		alice.send(xml)
	}
	want := []string{
		"message fine a@rooms.localhost", "presence quiet a@rooms.localhost/b",
		"iq get refused rooms.localhost", "message ours b@rooms.localhost",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the owner got %q, want %q", got, want)
	}
	expect(t, "alice", summaries(t, alice.received()), "iq error refused not-acceptable",
		"message error ours internal-server-error", "iq error empty bad-request",
		"message error other remote-server-not-found")
}

func TestComponentTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := func(context.Context, *module.Event) error { return nil }
	w.Component(jid.MustParse("rooms.localhost"), c)
	defer func() {
		if recover() == nil {
			t.Error("two owners of one domain are accepted")
		}
	}()
	w.Component(jid.MustParse("rooms.localhost"), c)
}

// TestForgedByComponent: a client cannot speak for a domain of ours that has an
// owner either.
func TestForgedByComponent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Component(jid.MustParse("rooms.localhost"), func(context.Context, *module.Event) error { return nil })
	alice, bob := w.bind("alice@localhost/a", 0), w.bind("bob@localhost/x", 0)
	alice.send("<message to='bob@localhost' type='chat'><stanza-id xmlns='urn:xmpp:sid:0' id='1' by='a@rooms.localhost'/><body>x</body></message>")
	if got := bob.received(); len(got) != 1 || !strings.HasSuffix(got[0], "'><body>x</body></message>") {
		t.Errorf("got %q", got)
	}
}
