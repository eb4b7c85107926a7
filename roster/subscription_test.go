package roster_test

import (
	"testing"

	"parley/internal/xmpptest/imtest"
)

const (
	getRoster = `<iq type='get' id='r' xmlns='jabber:client'><query xmlns='jabber:iq:roster'/></iq>`
	rosterOf  = `<iq type='result' id='r' from='{any}' to='{any}'><query xmlns='jabber:iq:roster' ver='{any}'>`
	endRoster = `</query></iq>`
)

func push(to, item string) string {
	return `<iq type='set' id='{any}' to='` + to + `'><query xmlns='jabber:iq:roster' ver='{any}'>` + item + `</query></iq>`
}

// TestSubscribeApproved is RFC 6121 §3.1.1 to §3.1.6 and then §3.2, §3.3.
func TestSubscribeApproved(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	w.Account(t, "romeo@localhost", "juliet@localhost")
	romeo, juliet := w.Bind(t, "romeo@localhost/orchard"), w.Bind(t, "juliet@localhost/balcony")
	romeo.Ask(getRoster, rosterOf+endRoster)
	juliet.Ask(getRoster, rosterOf+endRoster)
	juliet.Ask(`<presence/>`, `<presence from='juliet@localhost/balcony' to='juliet@localhost/balcony'/>`)
	romeo.Ask(`<presence><show>away</show></presence>`,
		`<presence from='romeo@localhost/orchard' to='romeo@localhost/orchard'><show>away</show></presence>`)

	romeo.Ask(`<presence id='x1' to='juliet@localhost/balcony' type='subscribe'><status>Hi</status></presence>`,
		push("romeo@localhost/orchard", `<item jid='juliet@localhost' subscription='none' ask='subscribe'/>`))
	juliet.Expect(`<presence id='x1' from='romeo@localhost' to='juliet@localhost' type='subscribe'><status>Hi</status></presence>`)

	juliet.Ask(`<presence id='x2' to='romeo@localhost' type='subscribed'/>`,
		push("juliet@localhost/balcony", `<item jid='romeo@localhost' subscription='from'/>`))
	romeo.Expect(`<presence id='x2' from='juliet@localhost' to='romeo@localhost' type='subscribed'/>`,
		push("romeo@localhost/orchard", `<item jid='juliet@localhost' subscription='to'/>`),
		`<presence from='juliet@localhost/balcony' to='romeo@localhost'/>`)

	juliet.Ask(`<presence type='subscribe' to='romeo@localhost'/>`,
		push("juliet@localhost/balcony", `<item jid='romeo@localhost' subscription='from' ask='subscribe'/>`))
	romeo.Expect(`<presence type='subscribe' from='juliet@localhost' to='romeo@localhost'/>`)
	romeo.Ask(`<presence type='subscribed' to='juliet@localhost'/>`,
		push("romeo@localhost/orchard", `<item jid='juliet@localhost' subscription='both'/>`))
	juliet.Expect(`<presence type='subscribed' from='romeo@localhost' to='juliet@localhost'/>`,
		push("juliet@localhost/balcony", `<item jid='romeo@localhost' subscription='both'/>`),
		`<presence from='romeo@localhost/orchard' to='juliet@localhost'><show>away</show></presence>`)

	// §3.2: juliet withdraws her approval.
	juliet.Ask(`<presence type='unsubscribed' to='romeo@localhost'/>`,
		push("juliet@localhost/balcony", `<item jid='romeo@localhost' subscription='to'/>`))
	romeo.Expect(`<presence type='unsubscribed' from='juliet@localhost' to='romeo@localhost'/>`,
		push("romeo@localhost/orchard", `<item jid='juliet@localhost' subscription='from'/>`),
		`<presence type='unavailable' from='juliet@localhost/balcony' to='romeo@localhost'/>`)

	// §3.3: juliet no longer wants to see romeo.
	juliet.Ask(`<presence type='unsubscribe' to='romeo@localhost'/>`,
		push("juliet@localhost/balcony", `<item jid='romeo@localhost' subscription='none'/>`),
		`<presence type='unavailable' from='romeo@localhost/orchard' to='juliet@localhost'/>`)
	romeo.Expect(`<presence type='unsubscribe' from='juliet@localhost' to='romeo@localhost'/>`,
		push("romeo@localhost/orchard", `<item jid='juliet@localhost' subscription='none'/>`))
}
