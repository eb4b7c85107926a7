package muc_test

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/mam"
	"parley/internal/xep/muc"
	"parley/internal/xmpptest/imtest"
	"parley/internal/xmpptest/xmlmatch"
	"parley/stanza"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ module.Module = (*muc.Module)(nil)

const (
	room    = "coven@conference.localhost"
	crone   = "crone1@localhost/desktop"
	wicca   = "wiccarocks@localhost/laptop"
	hag     = "hag66@localhost/pda"
	hecate  = "hecate@localhost/broom"
	nsUser  = muc.NSUser
	nsAdmin = muc.NSAdmin
)

// world is a server with rooms.
type world struct {
	*imtest.World
	rooms *muc.Module
	t     testing.TB
}

func options(change ...func(*muc.Options)) muc.Options {
	opts := muc.Options{Host: jid.MustParse("conference.localhost"), IDs: mam.Numbers{}, Secret: []byte("secret")}
	for _, f := range change {
		f(&opts)
	}
	return opts
}

func newWorld(t testing.TB, change ...func(*muc.Options)) *world {
	t.Helper()
	w := &world{World: imtest.New(t, imtest.Options{}), t: t}
	w.rooms = muc.New(w.Store, w.Store, w.Archive.Rooms(), options(change...))
	w.Add(w.rooms)
	w.Account(t, "crone1@localhost", "wiccarocks@localhost", "hag66@localhost", "hecate@localhost")
	t.Cleanup(w.rooms.Wait)
	return w
}

// join is the request to enter the room.
func join(nick, inner string) string {
	return "<presence to='" + room + "/" + nick + "'><x xmlns='" + muc.NS + "'>" + inner + "</x></presence>"
}

func request(typ, id, payload string) string {
	return "<iq type='" + typ + "' id='" + id + "' to='" + room + "'>" + payload + "</iq>"
}

// config is a form with fields, given as name and value.
func config(id string, fields ...string) string {
	var b strings.Builder
	for i := 0; i < len(fields); i += 2 {
		fmt.Fprintf(&b, "<field var='muc#roomconfig_%s'><value>%s</value></field>", fields[i], fields[i+1])
	}
	return request("set", id, "<query xmlns='"+muc.NSOwner+"'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"+
		muc.NS+"#roomconfig</value></field>"+b.String()+"</x></query>")
}

func admin(id, item string) string {
	return request("set", id, "<query xmlns='"+nsAdmin+"'>"+item+"</query>")
}

func groupchat(id, body string) string {
	return "<message type='groupchat' id='" + id + "' to='" + room + "'><body>" + body + "</body></message>"
}

// make has the owner make the room.
func (w *world) make(fields ...string) *imtest.Client {
	w.t.Helper()
	c := w.Bind(w.t, crone)
	c.Send(join("firstwitch", ""))
	c.Send(config("make", fields...))
	if got := c.Got(); !strings.Contains(got[len(got)-1], "type='result'") {
		w.t.Fatalf("room not made: %q", got)
	}
	return c
}

// enter has a client enter, and drops what that brings.
func (w *world) enter(full, nick string) *imtest.Client {
	w.t.Helper()
	c := w.Bind(w.t, full)
	c.Send(join(nick, ""))
	if got := c.Got(); len(got) == 0 || strings.Contains(got[0], "type='error'") {
		w.t.Fatalf("%s: not entered: %q", full, got)
	}
	return c
}

// outcome of an answer: "ok", or the condition of the error.
func outcome(t testing.TB, xml string) string {
	t.Helper()
	e, err := xmlmatch.Parse(xml)
	if err != nil {
		t.Fatal(err)
	}
	if bad := e.Child(stanza.NSClient, "error"); bad != nil {
		return bad.First().Local
	}
	return "ok"
}

// answer returns the last stanza with that id.
func answer(t testing.TB, got []string, id string) string {
	t.Helper()
	for i := len(got) - 1; i >= 0; i-- {
		if strings.Contains(got[i], " id='"+id+"'") {
			return got[i]
		}
	}
	t.Fatalf("no answer %q in %q", id, got)
	return ""
}
