package blocking_test

import (
	"strings"
	"testing"

	"parley/internal/xep/blocking"
	"parley/storage"
)

// XEP-0191 §3.3, §3.4: a subscriber sees who blocks him go, and come back as he is
// by then; in between neither sees the other.
func TestPresence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	w.friends(t, "juliet@localhost", "romeo@localhost")
	w.friends(t, "juliet@localhost", "tybalt@localhost")
	clients := w.online(t, juliet, romeo, tybalt)
	j, r, ty := clients[0], clients[1], clients[2]

	j.Ask(command("block", "romeo@localhost"), result(juliet, ""))
	r.Expect(away(juliet, "romeo@localhost"))
	j.Send("<presence><show>away</show></presence>")
	j.Got()
	r.Expect()
	ty.Expect("<presence from='" + juliet + "' to='tybalt@localhost'><show>away</show></presence>")
	r.Send("<presence><show>xa</show></presence>")
	r.Got()
	j.Expect()

	// A new client of either side does not see the other, and says nothing when it goes.
	phone := w.Bind(t, "romeo@localhost/phone")
	phone.Ask("<presence/>", here("romeo@localhost/phone", "romeo@localhost/phone"),
		"<presence from='"+romeo+"' to='romeo@localhost/phone'><show>xa</show></presence>")
	r.Got()
	other := w.Bind(t, chamber)
	other.Send("<presence/>")
	if got := other.Got(); len(got) != 3 { // herself, her other client, Tybalt
		t.Errorf("a new client sees %q", got)
	}
	other.Close()
	r.Expect()
	j.Got()
	phone.Close()
	j.Expect()
	r.Got()
	r.Ask("<presence type='probe' to='juliet@localhost'/>") // §3.3: no answer

	j.Ask(command("unblock", "romeo@localhost"), result(juliet, ""),
		"<presence from='"+romeo+"' to='"+juliet+"'><show>xa</show></presence>")
	r.Expect("<presence from='" + juliet + "' to='romeo@localhost'><show>away</show></presence>")
	ty.Got()
	j.Send("<presence type='unavailable'/>")
	r.Expect(away(juliet, "romeo@localhost"))
}

// Only who may see the account's presence is told (§3.3, §3.4).
func TestPresenceOfStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	remote := w.Remote(t)
	clients := w.online(t, juliet, romeo)
	j, r := clients[0], clients[1]
	for _, name := range []string{"block", "unblock"} {
		j.Ask(command(name, "romeo@localhost", "a@example.net", "example.org"), result(juliet, ""))
		r.Expect()
		if got := remote.Got(); len(got) > 0 {
			t.Errorf("%s: sent %q", name, got)
		}
	}
}

// Everything below a domain, one resource, and all at once.
func TestPresenceOfMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	remote := w.Remote(t)
	for _, contact := range []string{"a@example.net", "b@example.net", "c@example.org"} {
		_, _, _, err := w.Store.UpdateRoster(t.Context(), "juliet@localhost", contact, 10, func(i *storage.RosterItem, _ bool) (bool, error) {
			i.InRoster, i.Subscription = true, storage.From
			return true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	j := w.online(t, juliet)[0]
	remote.Got()
	step := func(name string, items []string, want ...string) {
		t.Helper()
		do(j, name, items...)
		got := remote.Got()
		if len(got) != len(want) {
			t.Fatalf("%s %q: sent %q, want %q", name, items, got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s %q: sent %q, want %q", name, items, got, want)
			}
		}
	}
	gone := func(to string) string {
		return "<presence xmlns='jabber:client' from='" + juliet + "' to='" + to + "' type='unavailable'></presence>"
	}
	back := func(to string) string {
		return "<presence xmlns='jabber:client' from='" + juliet + "' to='" + to + "'></presence>"
	}
	step("block", []string{"c@example.org/r", "d@example.org/r"}, gone("c@example.org/r"))
	step("block", []string{"a@example.net"}, gone("a@example.net"))
	step("block", []string{"example.net"}, gone("b@example.net")) // the other has been told
	step("unblock", []string{"a@example.net"})                    // he is blocked still
	step("unblock", nil, back("a@example.net"), back("b@example.net"), back("c@example.org/r"))
}

// Who was sent directed presence is told that one is gone (RFC 6121 §4.6.3), once:
// that is how one leaves a room by blocking it.
func TestDirected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	clients := w.online(t, juliet, romeo, tybalt)
	j, r, ty := clients[0], clients[1], clients[2]
	j.Send("<presence to='" + romeo + "'/>")
	j.Send("<presence to='" + tybalt + "'/>")
	r.Got()
	ty.Got()
	do(j, "block", "romeo@localhost")
	r.Expect(away(juliet, romeo))
	ty.Expect()
	j.Send("<presence type='unavailable'/>")
	r.Expect()
	ty.Expect(away(juliet, tybalt))
}

// One resource of a contact is blocked, in both directions; the others are not.
func TestPresenceOfResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	w.friends(t, "juliet@localhost", "romeo@localhost")
	clients := w.online(t, juliet, romeo, "romeo@localhost/phone")
	j, r, phone := clients[0], clients[1], clients[2]
	for _, c := range clients {
		c.Got()
	}
	do(j, "block", romeo)
	r.Expect(away(juliet, romeo))
	phone.Expect()
	j.Send("<presence><show>away</show></presence>")
	r.Expect()
	if got := phone.Got(); len(got) != 1 {
		t.Errorf("the other resource got %q", got)
	}
	j.Got()
	r.Send("<presence><show>xa</show></presence>")
	j.Expect()
	phone.Send("<presence><show>xa</show></presence>")
	if got := j.Got(); len(got) != 1 {
		t.Errorf("from the other resource came %q", got)
	}
}

// A request that waits is not presented while its sender is blocked, and one's own
// is not sent again (§3.3).
func TestWaitingRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	remote := w.Remote(t)
	j := w.Bind(t, juliet)
	w.Bind(t, romeo).Send("<presence to='juliet@localhost' type='subscribe'/>")
	j.Send("<presence to='a@example.net' type='subscribe'/>")
	j.Got()
	remote.Got()
	do(j, "block", "romeo@localhost", "a@example.net")
	j.Ask("<presence/>", here(juliet, juliet))
	if got := remote.Got(); len(got) > 0 {
		t.Errorf("sent again: %q", got)
	}
	do(j, "unblock")
	remote.Got()
	other := w.Bind(t, chamber)
	other.Ask("<presence/>", here(chamber, chamber), here(juliet, chamber),
		"<presence type='subscribe' from='romeo@localhost' to='juliet@localhost'/>")
}

// A list is its owner's: who has the name later blocks nobody.
func TestNewOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	j := w.Bind(t, juliet)
	do(j, "block", "romeo@localhost")
	j.Close()
	r := w.online(t, romeo)[0]
	r.Ask(each("juliet@localhost")["message"], gone("message", "juliet@localhost", romeo))
	w.Remove(t, "juliet@localhost")
	w.Account(t, "juliet@localhost")
	r.Ask(each("juliet@localhost")["message"])
	j = w.Bind(t, juliet)
	j.Send("<presence/>")
	if got := strings.Join(j.Got(), ""); !strings.Contains(got, "<body>a</body>") {
		t.Errorf("the message of who is not blocked has not come: %s", got)
	}
}
