package roster_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/internal/xmpptest/imtest"
	"parley/roster"
)

type fataler interface {
	Context() context.Context
	Fatalf(string, ...any)
}

func set(items string) string {
	return `<iq type='set' id='s'><query xmlns='jabber:iq:roster'>` + items + `</query></iq>`
}

func done(full string) string {
	bare, _, _ := strings.Cut(full, "/")
	return `<iq type='result' id='s' from='` + bare + `' to='` + full + `'/>`
}

func failed(full, typ, condition string) string {
	bare, _, _ := strings.Cut(full, "/")
	return `<iq type='error' id='s' from='` + bare + `' to='` + full + `'><error type='` + typ + `'>` +
		`<` + condition + ` xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{more}</error></iq>`
}

const romeo = "romeo@localhost/orchard"

// TestSet: RFC 6121 §2.3, §2.4, §2.5.
func TestSet(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	w.Account(t, "romeo@localhost")
	c, other, deaf := w.Bind(t, romeo), w.Bind(t, "romeo@localhost/garden"), w.Bind(t, "romeo@localhost/deaf")
	c.Ask(getRoster, rosterOf+endRoster)
	other.Ask(getRoster, rosterOf+endRoster)

	nurse := `<item jid='nurse@example.com' name='Nurse' subscription='none'><group>Servants</group></item>`
	c.Ask(set(`<item jid='Nurse@Example.com' name='Nurse' subscription='both' ask='subscribe' approved='true'><group>Servants</group></item>`),
		push(romeo, nurse), done(romeo))
	other.Expect(push("romeo@localhost/garden", nurse))

	changed := `<item jid='nurse@example.com' name='Nurse &lt;&apos;&amp;' subscription='none'><group>A</group><group>B</group></item>`
	c.Ask(set(`<item jid='nurse@example.com' name='Nurse &lt;&apos;&amp;'><group>B</group><group>A</group></item>`),
		push(romeo, changed), done(romeo))
	other.Expect(push("romeo@localhost/garden", changed))
	c.Ask(set(`<item jid='nurse@example.com' name='Nurse &lt;&apos;&amp;'><group>A</group><group>B</group></item>`), done(romeo))
	other.Expect()
	other.Ask(getRoster, rosterOf+changed+endRoster)

	c.Ask(set(`<item jid='nurse@example.com'/>`), push(romeo, `<item jid='nurse@example.com' subscription='none'/>`), done(romeo))
	c.Ask(set(`<item jid='nurse@example.com' subscription='remove'/>`),
		push(romeo, `<item jid='nurse@example.com' subscription='remove'/>`), done(romeo))
	c.Ask(set(`<item jid='nurse@example.com' subscription='remove'/>`), failed(romeo, "cancel", "item-not-found"))
	deaf.Expect()
}

// TestSetRefused: RFC 6121 §2.1.5, §2.3.3, and our limits.
func TestSetRefused(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{Roster: roster.Options{MaxItems: 2, MaxName: 10, MaxGroups: 3}})
	w.Account(t, "romeo@localhost", "juliet@localhost")
	c := w.Bind(t, romeo)
	c.Send(set(`<item jid='a@example.com'/>`))
	c.Send(set(`<item jid='b@example.com'/>`))
	c.Got()
	long := strings.Repeat("x", 1024)
	tests := map[string]struct{ items, typ, condition string }{
		"no item":            {``, "modify", "bad-request"},
		"two items":          {`<item jid='a@example.com'/><item jid='b@example.com'/>`, "modify", "bad-request"},
		"something else":     {`<other jid='a@example.com'/>`, "modify", "bad-request"},
		"no jid":             {`<item name='x'/>`, "modify", "bad-request"},
		"empty jid":          {`<item jid=''/>`, "modify", "jid-malformed"},
		"malformed jid":      {`<item jid='a@@example.com'/>`, "modify", "jid-malformed"},
		"localpart too long": {`<item jid='` + long + `@example.com'/>`, "modify", "jid-malformed"},
		"full jid":           {`<item jid='a@example.com/r'/>`, "modify", "bad-request"},
		"oneself":            {`<item jid='romeo@localhost'/>`, "cancel", "not-allowed"},
		"long name":          {`<item jid='a@example.com' name='12345678901'/>`, "modify", "not-acceptable"},
		"empty group":        {`<item jid='a@example.com'><group/></item>`, "modify", "not-acceptable"},
		"long group":         {`<item jid='a@example.com'><group>12345678901</group></item>`, "modify", "not-acceptable"},
		"same group twice":   {`<item jid='a@example.com'><group>G</group><group>G</group></item>`, "modify", "bad-request"},
		"too many groups":    {`<item jid='a@example.com'><group>1</group><group>2</group><group>3</group><group>4</group></item>`, "modify", "not-acceptable"},
		"too many contacts":  {`<item jid='c@example.com'/>`, "modify", "policy-violation"},
		"remove unknown":     {`<item jid='c@example.com' subscription='remove'/>`, "cancel", "item-not-found"},
		"remove malformed":   {`<item jid='@' subscription='remove'/>`, "modify", "jid-malformed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c.Ask(set(tt.items), failed(romeo, tt.typ, tt.condition))
		})
	}
	t.Run("subscribe to one too many", func(t *testing.T) {
		c.Ask(`<presence to='c@localhost' type='subscribe' id='p'/>`,
			`<presence from='c@localhost' to='`+romeo+`' type='error' id='p'><error type='modify'>{any}</error></presence>`)
	})
	t.Run("at the limits", func(t *testing.T) {
		c.Ask(set(`<item jid='a@example.com' name='1234567890'><group>1234567890</group><group>2</group><group>3</group></item>`), done(romeo))
	})
}

// TestOthersRoster: only the owner reads and changes a roster (RFC 6121 §2.3.3).
func TestOthersRoster(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	w.Account(t, "romeo@localhost", "juliet@localhost")
	c := w.Bind(t, romeo)
	for _, to := range []string{"juliet@localhost", "nobody@localhost"} {
		for _, typ := range []string{"get", "set"} {
			c.Ask(`<iq type='`+typ+`' id='s' to='`+to+`'><query xmlns='jabber:iq:roster'><item jid='a@example.com'/></query></iq>`,
				`<iq type='error' id='s' from='`+to+`' to='`+romeo+`'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
		}
	}
	c.Ask(`<iq type='get' id='r' to='romeo@localhost'><query xmlns='jabber:iq:roster'/></iq>`,
		`<iq type='result' id='r' from='romeo@localhost' to='`+romeo+`'><query xmlns='jabber:iq:roster' ver='{any}'/></iq>`)
}

// TestRemoveEndsSubscriptions: RFC 6121 §2.5.2.
func TestRemoveEndsSubscriptions(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	w.Account(t, "romeo@localhost", "juliet@localhost")
	befriend(t, w, "romeo@localhost", "juliet@localhost")
	a, b := w.Bind(t, romeo), w.Bind(t, "juliet@localhost/balcony")
	for _, c := range []*imtest.Client{a, b} {
		c.Send(getRoster)
		c.Send(`<presence/>`)
	}
	a.Got()
	b.Got()
	a.Ask(set(`<item jid='juliet@localhost' subscription='remove'/>`),
		push(romeo, `<item jid='juliet@localhost' subscription='remove'/>`),
		`<presence type='unavailable' from='juliet@localhost/balcony' to='romeo@localhost'/>`,
		done(romeo))
	b.Expect(
		`<presence type='unsubscribed' from='romeo@localhost' to='juliet@localhost'/>`,
		push("juliet@localhost/balcony", `<item jid='romeo@localhost' subscription='from'/>`),
		`<presence type='unsubscribe' from='romeo@localhost' to='juliet@localhost'/>`,
		push("juliet@localhost/balcony", `<item jid='romeo@localhost' subscription='none'/>`),
		`<presence type='unavailable' from='`+romeo+`' to='juliet@localhost'/>`)
}

// TestAccountRemoved: nobody inherits the trust that a removed account had.
func TestAccountRemoved(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	w.Account(t, "romeo@localhost", "juliet@localhost", "paris@localhost")
	befriend(t, w, "romeo@localhost", "juliet@localhost")
	a, b := w.Bind(t, romeo), w.Bind(t, "juliet@localhost/balcony")
	a.Send(`<presence/>`)
	b.Send(getRoster)
	b.Send(`<presence/>`)
	a.Send(`<presence to='paris@localhost' type='subscribe'/>`)
	b.Got()
	w.Remove(t, "romeo@localhost")
	b.Expect(
		`<presence type='unsubscribed' from='romeo@localhost' to='juliet@localhost'/>`,
		push("juliet@localhost/balcony", `<item jid='romeo@localhost' subscription='from'/>`),
		`<presence type='unsubscribe' from='romeo@localhost' to='juliet@localhost'/>`,
		push("juliet@localhost/balcony", `<item jid='romeo@localhost' subscription='none'/>`),
		`<presence type='unavailable' from='`+romeo+`' to='juliet@localhost'/>`)
	if got := item(t, w, "paris@localhost", "romeo@localhost"); got.PendingIn {
		t.Errorf("a request of a removed account still waits: %+v", got)
	}
}

// befriend subscribes two accounts to each other.
func befriend(t testing.TB, w *imtest.World, a, b string) {
	t.Helper()
	x, y := w.Bind(t, a+"/befriend"), w.Bind(t, b+"/befriend")
	defer x.Close()
	defer y.Close()
	x.Send(fmt.Sprintf(`<presence to='%s' type='subscribe'/>`, b))
	y.Send(fmt.Sprintf(`<presence to='%s' type='subscribed'/>`, a))
	y.Send(fmt.Sprintf(`<presence to='%s' type='subscribe'/>`, a))
	x.Send(fmt.Sprintf(`<presence to='%s' type='subscribed'/>`, b))
}
