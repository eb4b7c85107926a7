package roster_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/internal/xmpptest/imtest"
	"parley/internal/xmpptest/xmlmatch"
	"parley/stanza"

	"pgregory.net/rapid"
)

// replica is the roster as a client with a cache knows it (RFC 6121 §2.6).
type replica struct {
	version string
	items   map[string]string
}

// take applies roster results and pushes.
func (r *replica) take(t fataler, got []string) {
	for _, xml := range got {
		iq, err := xmlmatch.Parse(xml)
		if err != nil {
			t.Fatalf("%s: %v", xml, err)
		}
		query := iq.Child("jabber:iq:roster", "query")
		if !iq.Is(stanza.NSClient, "iq") || query == nil {
			continue
		}
		if iq.Attr("type") == "result" {
			clear(r.items)
		}
		r.version = query.Attr("ver")
		for item := range query.Elements() {
			if item.Attr("subscription") == "remove" {
				delete(r.items, item.Attr("jid"))
				continue
			}
			r.items[item.Attr("jid")] = item.String()
		}
	}
}

func (r *replica) String() string {
	var all []string
	for _, i := range r.items {
		all = append(all, i)
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func get(version string) string {
	return `<iq type='get' id='v'><query xmlns='jabber:iq:roster' ver='` + version + `'/></iq>`
}

// TestVersioning: RFC 6121 §2.6.
func TestVersioning(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	w.Account(t, "romeo@localhost")
	c := w.Bind(t, romeo)
	empty := `<iq type='result' id='v' from='romeo@localhost' to='` + romeo + `'/>`
	whole := func(items string) string {
		return `<iq type='result' id='v' from='romeo@localhost' to='` + romeo + `'><query xmlns='jabber:iq:roster' ver='{any}'>` + items + `</query></iq>`
	}
	r := replica{items: map[string]string{}}
	c.Send(get(""))
	first := c.Got()
	r.take(t, first)
	if err := xmlmatch.Match(whole(""), first[0]); err != nil {
		t.Error(err)
	}
	for _, v := range []string{"abc", "-1", "+1", "01", "1e3", "18446744073709551615", "99999999999999999999999"} {
		c.Ask(get(v), whole(""))
	}
	c.Ask(get(r.version), empty)

	old := r.version
	c.Send(set(`<item jid='a@example.com'/>`))
	c.Send(set(`<item jid='b@example.com'/>`))
	c.Send(set(`<item jid='c@example.com'/>`))
	c.Send(set(`<item jid='a@example.com' name='A'/>`))
	c.Send(set(`<item jid='b@example.com' subscription='remove'/>`))
	r.take(t, c.Got())
	d := w.Bind(t, "romeo@localhost/late")
	d.Send(get(old))
	got := d.Got()
	patterns := []string{
		`<iq type='result' id='v' from='romeo@localhost' to='romeo@localhost/late'/>`,
		push("romeo@localhost/late", `<item jid='b@example.com' subscription='remove'/>`),
		push("romeo@localhost/late", `<item jid='c@example.com' subscription='none'/>`),
		push("romeo@localhost/late", `<item jid='a@example.com' name='A' subscription='none'/>`),
	}
	compare(t, "late", got, patterns)
	late := replica{items: map[string]string{}}
	late.take(t, got)
	if late.version != r.version {
		t.Errorf("the last push leads to version %s, want %s", late.version, r.version)
	}
	c.Ask(get(r.version), empty)
}

// TestReplicaFollows: a client that keeps its roster by pushes, and by versions
// when it was away, always has the one that a fresh client gets.
func TestReplicaFollows(t *testing.T) {
	t.Parallel()
	w := imtest.New(t, imtest.Options{})
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		account := fmt.Sprintf("u%d@localhost", n)
		contacts := []string{fmt.Sprintf("x%d@localhost", n), fmt.Sprintf("y%d@localhost", n)}
		w.Account(t, account, contacts[0], contacts[1])
		other := w.Bind(t, account+"/other")
		defer other.Close()
		c := w.Bind(t, account+"/c")
		defer func() { c.Close() }()
		r := replica{items: map[string]string{}}
		c.Send(get(""))
		for i := range rapid.IntRange(1, 8).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0: // away, in the middle of what it was sent
				got := c.Got()
				r.take(rt, got[:rapid.IntRange(0, len(got)).Draw(rt, "seen")])
				c.Close()
				c = w.Bind(t, fmt.Sprintf("%s/c%d", account, i))
				c.Send(get(r.version))
			case 1, 2, 3: // the contact acts
				contact := w.Bind(t, rapid.SampledFrom(contacts).Draw(rt, "contact")+"/z")
				contact.Send(fmt.Sprintf(rapid.SampledFrom(moves[:4]).Draw(rt, "their move"), account))
				contact.Close()
			default:
				contact := rapid.SampledFrom(contacts).Draw(rt, "contact")
				other.Send(fmt.Sprintf(rapid.SampledFrom(moves).Draw(rt, "move"), contact))
			}
		}
		r.take(rt, c.Got())
		fresh := replica{items: map[string]string{}}
		other.Got()
		other.Send(get(""))
		fresh.take(rt, other.Got())
		if r.String() != fresh.String() {
			rt.Fatalf("the client has\n%s\nthe server\n%s", &r, &fresh)
		}
	})
}
