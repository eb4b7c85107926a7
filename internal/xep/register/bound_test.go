package register_test

import (
	"strings"
	"testing"

	"parley/internal/jid"
	"parley/internal/xep/register"
)

const romeo = "romeo@localhost/orchard"

func result(from, payload string) string {
	return `<iq type='result' id='1' from='` + from + `' to='` + romeo + `'>` + payload + `</iq>`
}

func refused(from, typ, condition string) string {
	return `<iq type='error' id='1' from='` + from + `' to='` + romeo + `'><error type='` + typ + `'><` +
		condition + ns + `/>{more}</error></iq>`
}

// XEP-0077 §3.1: who is registered.
func TestRegistered(t *testing.T) {
	t.Parallel()
	b, _, _ := setup(t, register.Options{})
	c := b.Bind(t, romeo)
	const want = `<query xmlns='jabber:iq:register'><registered/><instructions>{any}</instructions>
		<username>romeo</username><password/></query>`
	c.Ask(get, result("localhost", want))
	c.Ask(strings.Replace(get, " to='localhost'", "", 1), result("romeo@localhost", want))
	c.Ask(strings.Replace(get, "localhost", "juliet@localhost", 1), refused("juliet@localhost", "auth", "forbidden"))
	c.Ask(strings.Replace(get, "localhost", "nobody@localhost", 1), refused("nobody@localhost", "auth", "forbidden"))
}

// XEP-0077 §3.3.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	noName := `<iq type='set' id='1'><query xmlns='jabber:iq:register'><password>new secret</password></query></iq>`
	tests := map[string]struct {
		insecure      bool
		request, want string
	}{
		"own":              {false, fields("romeo", "new secret"), result("localhost", "")},
		"own, whole":       {false, fields("romeo@localhost", "new secret"), result("localhost", "")},
		"no name":          {false, noName, result("romeo@localhost", "")},
		"form":             {false, form("submit", "Romeo", "new secret"), result("romeo@localhost", "")},
		"other's":          {false, fields("juliet", "new secret"), refused("localhost", "auth", "forbidden")},
		"other's, whole":   {false, fields("romeo@elsewhere", "new secret"), refused("localhost", "auth", "forbidden")},
		"unknown":          {false, fields("bill", "new secret"), refused("localhost", "auth", "forbidden")},
		"to other":         {false, strings.Replace(fields("juliet", "new secret"), "'localhost'", "'juliet@localhost'", 1), refused("juliet@localhost", "auth", "forbidden")},
		"to other, as own": {false, strings.Replace(fields("romeo", "new secret"), "'localhost'", "'juliet@localhost'", 1), refused("juliet@localhost", "auth", "forbidden")},
		"empty":            {false, fields("romeo", ""), refused("localhost", "modify", "bad-request")},
		"short":            {false, fields("romeo", "1234567"), refused("localhost", "modify", "not-acceptable")},
		"cancelled form":   {false, form("cancel", "romeo", "new secret"), refused("romeo@localhost", "modify", "bad-request")},
		"insecure":         {true, fields("romeo", "new secret"), refused("localhost", "auth", "not-authorized")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _, a := setup(t, register.Options{})
			bind := b.Bind
			if tt.insecure {
				bind = b.BindInsecure
			}
			bind(t, romeo).Ask(tt.request, tt.want)
			changed := strings.Contains(tt.want, "type='result'")
			if got := a.accepts(t, "romeo@localhost", "new secret"); got != changed {
				t.Errorf("new password accepted: got %v, want %v", got, changed)
			}
			if !a.accepts(t, "juliet@localhost", "old secret") {
				t.Error("juliet's password was changed")
			}
		})
	}
}

// XEP-0077 §3.2.
func TestRemove(t *testing.T) {
	t.Parallel()
	const remove = `<iq type='set' id='1'><query xmlns='jabber:iq:register'><remove/></query></iq>`
	const notAuthorized = `<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>{more}</stream:error>`
	tests := map[string]struct {
		to, from string
		want     string // of a refusal
	}{
		"no to":    {"", "romeo@localhost", ""},
		"server":   {"localhost", "localhost", ""},
		"own":      {"romeo@localhost", "romeo@localhost", ""},
		"to other": {"juliet@localhost", "juliet@localhost", refused("juliet@localhost", "auth", "forbidden")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _, a := setup(t, register.Options{})
			c, other := b.Bind(t, romeo), b.Bind(t, "romeo@localhost/balcony")
			c.Send(strings.Replace(remove, "id='1'", "id='1'"+toAttr(tt.to), 1))
			if tt.want != "" {
				c.Expect(tt.want)
			} else {
				c.Expect(result(tt.from, ""))
				c.Expect(notAuthorized)
				other.Expect(notAuthorized)
			}
			if got := exists(t, a, "romeo@localhost"); got != (tt.want != "") {
				t.Errorf("romeo exists: %v", got)
			}
			if !exists(t, a, "juliet@localhost") {
				t.Error("juliet was removed")
			}
		})
	}
}

func TestRemoveStandsAlone(t *testing.T) {
	t.Parallel()
	b, _, a := setup(t, register.Options{})
	b.Bind(t, romeo).Ask(`<iq type='set' id='1'><query xmlns='jabber:iq:register'><remove/><username>romeo</username></query></iq>`,
		refused("romeo@localhost", "modify", "bad-request"))
	if !exists(t, a, "romeo@localhost") {
		t.Error("romeo was removed")
	}
}

func TestRemoveTwice(t *testing.T) {
	t.Parallel()
	b, _, a := setup(t, register.Options{})
	c := b.Bind(t, romeo)
	if err := a.Remove(t.Context(), jid.MustParse("romeo@localhost")); err != nil {
		t.Fatal(err)
	}
	c.Ask(`<iq type='set' id='1'><query xmlns='jabber:iq:register'><remove/></query></iq>`,
		refused("romeo@localhost", "auth", "registration-required"))
}

func toAttr(to string) string {
	if to == "" {
		return ""
	}
	return " to='" + to + "'"
}

func exists(t *testing.T, a accounts, account string) bool {
	t.Helper()
	_, err := a.Account(t.Context(), account)
	return err == nil
}
