package roster_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/internal/xmpptest/imtest"
	"parley/internal/xmpptest/xmlmatch"
	"parley/roster"
	"parley/storage"
)

// appendixA is RFC 6121 A.2 and A.3, written down once more and apart from the
// code: a line for each stanza, a column for each state in the order of A.1.
// "R" routes or delivers, "." does not; after it stands the next state, "="
// for no change; "*" is answered for the user with "subscribed" (A.3.1, note
// on auto-reply), "+" is kept as a pre-approval (A.2.3, §3.4.2).
const appendixA = `
states            N    NO   NI   NOI  T    TI   F    FO   B
out subscribe     R:NO R:=  R:NOI R:= R:=  R:=  R:FO R:=  R:=
out unsubscribe   R:=  R:N  R:=  R:NI R:N  R:NI R:=  R:F  R:F
out subscribed    .+=  .+=  R:F  R:FO .+=  R:B  .:=  .:=  .:=
out unsubscribed  .:=  .:=  R:N  R:NO .:=  R:T  R:N  R:NO R:T
in  subscribe     R:NI R:NOI .:= .:=  R:TI .:=  .*=  .*=  .*=
in  unsubscribe   .:=  .:=  R:N  R:NO .:=  R:T  R:N  R:NO R:T
in  subscribed    .:=  R:T  .:=  R:TI .:=  .:=  .:=  R:B  .:=
in  unsubscribed  .:=  R:N  .:=  R:NI R:N  R:NI .:=  R:F  R:F
`

var states = map[string]storage.RosterItem{
	"N":   {InRoster: true},
	"NO":  {InRoster: true, Ask: true},
	"NI":  {InRoster: true, PendingIn: true},
	"NOI": {InRoster: true, Ask: true, PendingIn: true},
	"T":   {InRoster: true, Subscription: storage.To},
	"TI":  {InRoster: true, Subscription: storage.To, PendingIn: true},
	"F":   {InRoster: true, Subscription: storage.From},
	"FO":  {InRoster: true, Subscription: storage.From, Ask: true},
	"B":   {InRoster: true, Subscription: storage.Both},
}

// cell is one entry of the appendix.
type cell struct {
	direction, stanza, state, next string
	pass, reply, note              bool
}

func cells(t *testing.T) []cell {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(appendixA), "\n")
	names := strings.Fields(lines[0])[1:]
	var all []cell
	for _, line := range lines[1:] {
		f := strings.Fields(line)
		for i, entry := range f[2:] {
			c := cell{direction: f[0], stanza: f[1], state: names[i], next: entry[2:],
				pass: entry[0] == 'R', reply: entry[1] == '*', note: entry[1] == '+'}
			if c.next == "=" {
				c.next = c.state
			}
			all = append(all, c)
		}
	}
	if len(all) != 8*9 {
		t.Fatalf("the appendix has %d entries, want 72", len(all))
	}
	return all
}

// TestAppendixA sends each stanza in each state through a router and looks at
// what is stored, pushed, delivered and sent to the contact. The contact is at
// another domain, so that nothing comes back by itself.
func TestAppendixA(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	remote := w.Remote(t)
	for i, c := range cells(t) {
		t.Run(strings.Join([]string{c.direction, c.stanza, c.state}, " "), func(t *testing.T) {
			account := fmt.Sprintf("user%d@localhost", i)
			w.Account(t, account)
			put(t, w, account, "contact@example.net", states[c.state])
			user := w.Bind(t, account+"/r")
			user.Send(getRoster)
			user.Send(`<presence/>`)
			user.Got()
			remote.Got()

			if c.direction == "out" {
				user.Send(`<presence to='contact@example.net/res' type='` + c.stanza + `'/>`)
			} else {
				remote.Send("contact@example.net/res", `<presence to='`+account+`/r' type='`+c.stanza+`'/>`)
			}
			checkItem(t, w, account, c)
			checkUser(t, user.Got(), account, c)
			checkRemote(t, remote.Got(), account, c)
		})
	}
}

func put(t *testing.T, w *imtest.World, account, contact string, want storage.RosterItem) {
	t.Helper()
	_, _, _, err := w.Store.UpdateRoster(context.Background(), account, contact, 0,
		func(item *storage.RosterItem, _ bool) (bool, error) {
			want.Contact = contact
			*item = want
			return true, nil
		})
	if err != nil {
		t.Fatal(err)
	}
}

func item(t testing.TB, w *imtest.World, account, contact string) storage.RosterItem {
	t.Helper()
	r, err := w.Store.Roster(context.Background(), account)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range r.Items {
		if i.Contact == contact {
			return i
		}
	}
	return storage.RosterItem{Contact: contact}
}

func checkItem(t *testing.T, w *imtest.World, account string, c cell) {
	t.Helper()
	got := item(t, w, account, "contact@example.net")
	want := states[c.next]
	if got.Subscription != want.Subscription || got.Ask != want.Ask || got.PendingIn != want.PendingIn || got.Approved != c.note {
		t.Errorf("got item %+v, want state %s, approved %t", got, c.next, c.note)
	}
}

func checkUser(t *testing.T, got []string, account string, c cell) {
	t.Helper()
	var want []string
	if c.direction == "in" && c.pass {
		want = append(want, `<presence from='contact@example.net' to='`+account+`' type='`+c.stanza+`'/>`)
	}
	before, after := states[c.state], states[c.next]
	if before.Subscription != after.Subscription || before.Ask != after.Ask || c.note {
		attrs := ""
		if after.Ask {
			attrs += ` ask='subscribe'`
		}
		if c.note {
			attrs += ` approved='true'`
		}
		want = append(want, push(account+"/r", `<item jid='contact@example.net' subscription='`+after.Subscription.String()+`'`+attrs+`/>`))
	}
	compare(t, "user", got, want)
}

func checkRemote(t *testing.T, got []string, account string, c cell) {
	t.Helper()
	var want []string
	if c.direction == "out" && c.pass {
		want = append(want, `<presence from='`+account+`' to='contact@example.net' type='`+c.stanza+`'/>`)
	}
	if c.reply {
		want = append(want, `<presence from='`+account+`' to='contact@example.net' type='subscribed'/>`)
	}
	was, is := states[c.state].Subscription&storage.From, states[c.next].Subscription&storage.From
	switch {
	case was == 0 && is != 0, c.reply:
		want = append(want, `<presence from='`+account+`/r' to='contact@example.net'/>`)
	case was != 0 && is == 0:
		want = append(want, `<presence from='`+account+`/r' to='contact@example.net' type='unavailable'/>`)
	}
	compare(t, "contact", got, want)
}

func compare(t *testing.T, who string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s got %d stanzas, want %d:\n got: %s\nwant: %s", who, len(got), len(want), strings.Join(got, "\n      "), strings.Join(want, "\n      "))
		return
	}
	for i := range want {
		if err := xmlmatch.Match(want[i], got[i]); err != nil {
			t.Errorf("%s: %v\n got: %s\nwant: %s", who, err, got[i], want[i])
		}
	}
}

// TestPreapproved: in the states where a request would be delivered, one that
// was approved in advance is granted (RFC 6121 §3.4.2).
func TestPreapproved(t *testing.T) {
	t.Parallel()
	for state, next := range map[roster.State]roster.State{
		roster.None: roster.From, roster.NonePendingOut: roster.FromPendingOut, roster.To: roster.Both,
	} {
		got := roster.Next(roster.Inbound, roster.Subscribe, state, true)
		if want := (roster.Transition{Next: next, Reply: true}); got != want {
			t.Errorf("%s: got %+v, want %+v", state, got, want)
		}
	}
}
