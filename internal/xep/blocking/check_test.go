package blocking_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"parley/internal/xep/blocking"
	"parley/internal/xmpptest/imtest"
	"parley/storage"
)

// each is a stanza of every kind.
func each(to string) map[string]string {
	return map[string]string{
		"message":  fmt.Sprintf("<message id='x' type='chat' to='%s'><body>a</body></message>", to),
		"presence": fmt.Sprintf("<presence id='x' to='%s'/>", to),
		"iq":       fmt.Sprintf("<iq id='x' type='get' to='%s'><query xmlns='a'/></iq>", to),
	}
}

// XEP-0191 §3.3: nothing goes out to whom one blocks, and the sender is told.
func TestOutbound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	remote := w.Remote(t)
	clients := w.online(t, juliet, romeo)
	j, r := clients[0], clients[1]
	do(j, "block", "romeo@localhost", "montague.net")
	for _, to := range []string{"romeo@localhost", romeo, "montague.net", "a@montague.net", "a@montague.net/b"} {
		for kind, xml := range each(to) {
			j.Ask(xml, refused(kind, to, juliet))
		}
		for _, typ := range []string{"subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "unavailable"} {
			j.Ask(fmt.Sprintf("<presence id='x' type='%s' to='%s'/>", typ, to), refused("presence", to, juliet))
		}
		for _, silent := range []string{
			"<message id='x' type='error' to='" + to + "'/>", "<iq id='x' type='result' to='" + to + "'/>",
			"<iq id='x' type='error' to='" + to + "'/>", "<presence id='x' type='error' to='" + to + "'/>",
		} {
			j.Ask(silent)
		}
	}
	r.Expect()
	if got := remote.Got(); len(got) > 0 {
		t.Errorf("sent to another domain: %q", got)
	}
	if n := archived(t, w, "juliet@localhost"); n > 0 {
		t.Errorf("%d messages are in the sender's archive", n)
	}
}

// XEP-0191 §3.3: nothing comes in from whom one blocks; he is told of messages and
// requests, as if the account were offline.
func TestInbound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	clients := w.online(t, juliet, chamber, romeo)
	j, other, r := clients[0], clients[1], clients[2]
	other.Send("<iq type='set' id='e'><enable xmlns='urn:xmpp:carbons:2'/></iq>")
	other.Got()
	do(j, "block", "romeo@localhost")
	for _, to := range []string{"juliet@localhost", juliet, "juliet@localhost/gone"} {
		for kind, xml := range each(to) {
			if kind == "presence" {
				r.Ask(xml)
			} else {
				r.Ask(xml, gone(kind, to, romeo))
			}
		}
		for _, typ := range []string{"subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "unavailable", "error"} {
			r.Ask(fmt.Sprintf("<presence id='x' type='%s' to='%s'/>", typ, to))
		}
		r.Ask("<message id='x' to='"+to+"'><body>a</body></message>", gone("message", to, romeo))
		for _, silent := range []string{
			"<message id='x' type='error' to='" + to + "'/>", "<message id='x' type='headline' to='" + to + "'/>",
			"<message id='x' type='groupchat' to='" + to + "'/>", "<iq id='x' type='error' to='" + to + "'/>",
			"<iq id='x' type='result' to='" + to + "'/>",
		} {
			r.Ask(silent)
		}
	}
	j.Expect()
	other.Expect()
	if n := archived(t, w, "juliet@localhost"); n > 0 {
		t.Errorf("%d messages are in the recipient's archive", n)
	}
	do(j, "unblock", "romeo@localhost")
	r.Send(each(juliet)["message"])
	if got := j.Got(); len(got) != 1 || !strings.Contains(got[0], "<body>a</body>") {
		t.Errorf("after the block came %q", got)
	}
}

// Somebody who is blocked finds an account without sessions as he finds one with
// them, and what he says does not wait for it.
func TestInboundOffline(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	j := w.Bind(t, juliet)
	do(j, "block", "romeo@localhost")
	j.Close()
	clients := w.online(t, romeo, tybalt)
	r, ty := clients[0], clients[1]
	for range 2 { // read from storage, and known
		r.Ask(each("juliet@localhost")["message"], gone("message", "juliet@localhost", romeo))
		r.Ask(each("juliet@localhost")["iq"], gone("iq", "juliet@localhost", romeo))
	}
	ty.Ask("<message id='m' type='chat' to='juliet@localhost'><body>b</body></message>")
	j = w.Bind(t, juliet)
	j.Send("<presence/>")
	if got := strings.Join(j.Got(), ""); strings.Contains(got, "<body>a</body>") || !strings.Contains(got, "<body>b</body>") {
		t.Errorf("waiting: %s", got)
	}
	r.Ask(each("juliet@localhost")["message"], gone("message", "juliet@localhost", romeo))
}

// XEP-0191 §5: nobody blocks himself, whatever the list says, and the server is
// not blocked either.
func TestOneself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, blocking.Options{})
	clients := w.online(t, juliet, chamber, romeo)
	j, other, r := clients[0], clients[1], clients[2]
	do(j, "block", "juliet@localhost", chamber, "localhost")
	other.Expect()
	j.Ask("<presence id='x' to='" + chamber + "'/>")
	other.Expect("<presence id='x' from='" + juliet + "' to='" + chamber + "'/>")
	j.Ask("<iq id='x' type='get' to='" + chamber + "'><query xmlns='a'/></iq>")
	other.Expect("<iq id='x' type='get' from='" + juliet + "' to='" + chamber + "'><query xmlns='a'/></iq>")
	j.Ask("<presence><show>away</show></presence>", "<presence from='"+juliet+"' to='"+juliet+"'><show>away</show></presence>")
	other.Expect("<presence from='" + juliet + "' to='" + chamber + "'><show>away</show></presence>")
	j.Ask("<iq id='x' type='get' to='localhost'><query xmlns='a'/></iq>", gone("iq", "localhost", juliet))
	j.Ask(command("blocklist"), blocklist(juliet, "juliet@localhost", chamber, "localhost"))
	r.Ask(each(juliet)["message"], gone("message", juliet, romeo)) // but for everybody else of the domain
	j.Expect()
}

// XEP-0191 §6, from the side of who is blocked.
func TestMatching(t *testing.T) {
	t.Parallel()
	senders := []string{"a@example.net", "a@example.net/r", "a@example.net/s", "example.net", "example.net/r", "b@example.net/r", "b@sub.example.net"}
	for item, blocked := range map[string][]string{
		"a@example.net/r": {"a@example.net/r"},
		"a@example.net":   {"a@example.net", "a@example.net/r", "a@example.net/s"},
		"example.net/r":   {"example.net/r"},
		"example.net":     {"a@example.net", "a@example.net/r", "a@example.net/s", "example.net", "example.net/r", "b@example.net/r"},
	} {
		t.Run(item, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, blocking.Options{})
			remote := w.Remote(t)
			j := w.online(t, juliet)[0]
			do(j, "block", item)
			for _, from := range senders {
				remote.Send(from, "<message id='x' type='chat' to='"+juliet+"'><body>a</body></message>")
				comes, want := len(j.Got()) == 1, true
				for _, b := range blocked {
					want = want && b != from
				}
				if comes != want {
					t.Errorf("a message from %s comes: %v", from, comes)
				}
			}
		})
	}
}

func archived(t *testing.T, w *world, account string) int {
	t.Helper()
	n, err := w.Store.ArchiveCount(t.Context(), account, storage.ArchiveFilter{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// unreadable is a store whose lists cannot be read for now.
type unreadable struct {
	blocking.Store
	reads  int
	broken bool
}

func (u *unreadable) Blocks(ctx context.Context, account string) ([]string, error) {
	u.reads++
	if u.broken {
		return nil, errors.New("the database is away")
	}
	return u.Store.Blocks(ctx, account)
}

// While it is not known whether somebody is blocked he is.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	w := &world{World: imtest.New(t, imtest.Options{})}
	store := &unreadable{Store: w.Store}
	w.blocking = blocking.New(store, w.Presence, blocking.Options{})
	w.Presence.SetBarrier(w.blocking)
	w.Add(w.blocking)
	w.Account(t, "romeo@localhost", "juliet@localhost")
	w.friends(t, "romeo@localhost", "juliet@localhost")
	r := w.online(t, romeo)[0]
	store.broken = true
	j := w.online(t, juliet)[0]
	r.Expect()
	lost := "<message type='error' id='x' from='%s' to='%s'><error type='cancel'><internal-server-error xmlns='" + conditions + "'/></error></message>"
	r.Ask(each(juliet)["message"], fmt.Sprintf(lost, juliet, romeo))
	j.Ask(each(romeo)["message"], fmt.Sprintf(lost, romeo, juliet))
	store.broken = false
	r.Ask(each(juliet)["presence"])
	j.Expect("<presence id='x' from='" + romeo + "' to='" + juliet + "'/>")
	reads := store.reads
	r.Ask(each(juliet)["presence"])
	r.Ask(each("juliet@localhost")["iq"], gone("iq", "juliet@localhost", romeo))
	if store.reads != reads {
		t.Errorf("the list of an account with a session was read %d times more", store.reads-reads)
	}
}
