package disco_test

import (
	"strings"
	"testing"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/disco"
	"parley/internal/xep/ping"
	"parley/internal/xmpptest/modtest"
	"parley/internal/xmpptest/xmlmatch"
)

var _ module.Module = (*disco.Module)(nil)

func setup(t *testing.T, opts disco.Options) (*modtest.Bench, *disco.Module) {
	b := modtest.New(t)
	m := disco.New(opts, b)
	b.Add(m, ping.New())
	b.AddAccount("juliet@localhost", "romeo@localhost", "tybalt@localhost")
	b.LetSee("juliet@localhost", "romeo@localhost")
	return b, m
}

func info(to, node string) string {
	return `<iq type='get' id='1' to='` + to + `'><query xmlns='http://jabber.org/protocol/disco#info'` + node + `/></iq>`
}

func items(to, node string) string { return strings.Replace(info(to, node), "#info", "#items", 1) }

func answer(from, to, payload string) string {
	return `<iq type='result' id='1' from='` + from + `' to='` + to + `'>` + payload + `</iq>`
}

func failure(from, to, condition string) string {
	return `<iq type='error' id='1' from='` + from + `' to='` + to + `'><error type='cancel'><` +
		condition + ` xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`
}

const (
	serverContent = `
		<identity category='server' type='im' name='Parley'/>
		<feature var='http://jabber.org/protocol/caps'/>
		<feature var='http://jabber.org/protocol/disco#info'/>
		<feature var='http://jabber.org/protocol/disco#items'/>
		<feature var='urn:xmpp:ping'/>`
	accountInfo = `<query xmlns='http://jabber.org/protocol/disco#info'>
		<identity category='account' type='registered'/>
		<feature var='http://jabber.org/protocol/disco#info'/>
		<feature var='http://jabber.org/protocol/disco#items'/>
		<feature var='urn:xmpp:ping'/></query>`
	noItems = `<query xmlns='http://jabber.org/protocol/disco#items'/>`
	romeo   = "romeo@localhost/orchard"
)

func TestServerInfo(t *testing.T) {
	t.Parallel()
	b, _ := setup(t, disco.Options{})
	c := b.Bind(t, romeo)
	c.Ask(info("localhost", ""), answer("localhost", romeo,
		`<query xmlns='http://jabber.org/protocol/disco#info'>`+serverContent+`</query>`))
	c.Ask(info("localhost", " node='other'"), failure("localhost", romeo, "item-not-found"))
}

func TestContacts(t *testing.T) {
	t.Parallel()
	b, _ := setup(t, disco.Options{Contacts: disco.Contacts{
		Abuse: []string{"mailto:abuse@localhost", "xmpp:abuse@localhost"}, Status: []string{"https://status.localhost"},
	}})
	b.Bind(t, romeo).Ask(info("localhost", ""), answer("localhost", romeo,
		`<query xmlns='http://jabber.org/protocol/disco#info'>`+serverContent+`
			<x xmlns='jabber:x:data' type='result'>
				<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/network/serverinfo</value></field>
				<field var='abuse-addresses' type='list-multi'><value>mailto:abuse@localhost</value><value>xmpp:abuse@localhost</value></field>
				<field var='status-addresses' type='list-multi'><value>https://status.localhost</value></field>
			</x></query>`))
}

// XEP-0115 §6.2 and §6.3.
func TestCapsOfServer(t *testing.T) {
	t.Parallel()
	b, _ := setup(t, disco.Options{Node: "http://localhost/parley"})
	c := b.Bind(t, romeo)
	if got := b.Router.StreamFeatures(module.StreamState{Secure: true}); len(got) != 0 {
		t.Errorf("before authentication: got %v, want nothing", got)
	}
	got := b.Router.StreamFeatures(module.StreamState{Secure: true, Authenticated: true})
	if len(got) != 1 {
		t.Fatalf("after authentication: got %v, want caps", got)
	}
	const pattern = `<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://localhost/parley' ver='{any}='/>`
	if err := xmlmatch.Match(pattern, got[0].String()); err != nil {
		t.Error(err)
	}
	node := " node='http://localhost/parley#" + got[0].Attr("ver") + "'"
	c.Ask(info("localhost", node), answer("localhost", romeo,
		`<query xmlns='http://jabber.org/protocol/disco#info'`+node+`>`+serverContent+`</query>`))
	c.Ask(info("localhost", " node='http://localhost/parley#other'"), failure("localhost", romeo, "item-not-found"))
}

func TestServerItems(t *testing.T) {
	t.Parallel()
	b, m := setup(t, disco.Options{})
	c := b.Bind(t, romeo)
	c.Ask(items("localhost", ""), answer("localhost", romeo, noItems))
	c.Ask(items("localhost", " node='other'"), failure("localhost", romeo, "item-not-found"))
	m.AddItem(disco.Item{JID: jid.MustParse("rooms.localhost"), Name: "Rooms"})
	m.AddItem(disco.Item{JID: jid.MustParse("upload.localhost")})
	c.Ask(items("localhost", ""), answer("localhost", romeo, `<query xmlns='http://jabber.org/protocol/disco#items'>
		<item jid='rooms.localhost' name='Rooms'/><item jid='upload.localhost'/></query>`))
}

// XEP-0030 §9.
func TestAccount(t *testing.T) {
	t.Parallel()
	available := `<query xmlns='http://jabber.org/protocol/disco#items'>
		<item jid='juliet@localhost/balcony'/><item jid='juliet@localhost/chamber'/></query>`
	tests := map[string]struct{ asker, to, info, items string }{
		"owner":      {"juliet@localhost/chamber", "juliet@localhost", accountInfo, available},
		"subscriber": {romeo, "juliet@localhost", accountInfo, available},
		"stranger":   {"tybalt@localhost/street", "juliet@localhost", "", noItems},
		"unknown":    {romeo, "nobody@localhost", "", noItems},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _ := setup(t, disco.Options{})
			clients := map[string]*modtest.Client{
				"juliet@localhost/chamber": b.Bind(t, "juliet@localhost/chamber").Available(),
				"juliet@localhost/balcony": b.Bind(t, "juliet@localhost/balcony").Available(),
				"juliet@localhost/hidden":  b.Bind(t, "juliet@localhost/hidden"),
				romeo:                      b.Bind(t, romeo),
				"tybalt@localhost/street":  b.Bind(t, "tybalt@localhost/street"),
			}
			c := clients[tt.asker]
			want := answer(tt.to, tt.asker, tt.info)
			if tt.info == "" {
				want = failure(tt.to, tt.asker, "service-unavailable")
			}
			c.Ask(info(tt.to, ""), want)
			c.Ask(items(tt.to, ""), answer(tt.to, tt.asker, tt.items))
			testAccountNode(t, c, tt.asker, tt.to, tt.info != "")
		})
	}
}

func testAccountNode(t *testing.T, c *modtest.Client, asker, to string, allowed bool) {
	t.Helper()
	if allowed {
		c.Ask(info(to, " node='other'"), failure(to, asker, "item-not-found"))
		c.Ask(items(to, " node='other'"), failure(to, asker, "item-not-found"))
		return
	}
	c.Ask(info(to, " node='other'"), failure(to, asker, "service-unavailable"))
	c.Ask(items(to, " node='other'"),
		answer(to, asker, `<query xmlns='http://jabber.org/protocol/disco#items' node='other'/>`))
}
