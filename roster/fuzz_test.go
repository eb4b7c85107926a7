package roster

import (
	"errors"
	"testing"

	"parley/stanza"
	"parley/storage"
)

// FuzzSet: whatever a roster set holds, it is refused with a stanza error or
// becomes an item that clients read back as it was meant.
func FuzzSet(f *testing.F) {
	for _, s := range []string{
		`<item jid='a@example.com'/>`,
		`<item jid='A@Example.com' name='&lt;&apos;&amp;' subscription='both'><group>x y</group><group>&#xD;&gt;</group></item>`,
		`<item jid='a@example.com' subscription='remove'/>`,
		`<item jid='a@example.com/r'/>`, `<item/>`, `<item jid=''/><item jid='b'/>`, `<item jid='a'><group/></item>`,
	} {
		f.Add(s)
	}
	m := New(nil, Options{MaxName: 40, MaxGroups: 3})
	f.Fuzz(func(t *testing.T, items string) {
		query, err := stanza.Parse([]byte("<query xmlns='" + NS + "'>" + items + "</query>"))
		if err != nil {
			return // the scanner refuses it before
		}
		req, err := m.parseSet(query)
		if err != nil {
			if !errors.Is(err, stanza.NewError(stanza.BadRequest, "")) && !errors.Is(err, stanza.NewError(stanza.NotAcceptable, "")) &&
				!errors.Is(err, stanza.NewError(stanza.JIDMalformed, "")) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if req.remove {
			return
		}
		item := storage.RosterItem{Contact: req.contact.String(), Name: req.name, Groups: req.groups, InRoster: true}
		sent, err := stanza.Parse(appendQuery(nil, "1", func(dst []byte) []byte { return appendItem(dst, &item) }))
		if err != nil {
			t.Fatalf("what is sent cannot be read: %v", err)
		}
		again, err := m.parseSet(sent)
		if err != nil || again.contact != req.contact || again.name != req.name || len(again.groups) != len(req.groups) {
			t.Fatalf("got %+v (%v), want %+v", again, err, req)
		}
		for i := range req.groups {
			if again.groups[i] != req.groups[i] {
				t.Fatalf("got group %q, want %q", again.groups[i], req.groups[i])
			}
		}
	})
}
