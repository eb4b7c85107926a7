package module_test

import (
	"testing"

	"parley/internal/module"
	"parley/stanza"
)

// read scans a message whose children's names stand in and around its payload.
func read(t testing.TB, doc []byte, v *stanza.View) *module.Stanza {
	t.Helper()
	var s stanza.Scanner
	if err := s.Scan(doc, v); err != nil {
		t.Fatal(err)
	}
	st := &module.Stanza{Kind: v.Kind, Payload: v.Payload, Children: v.Children}
	return st.Borrow()
}

const message = `<message xmlns='jabber:client' type='chat'><body>Wherefore?</body><request xmlns='urn:xmpp:receipts'/></message>`

// TestOwn: what is kept of a stanza outlives the reader's buffer, and writing
// behind one part of it changes no other.
func TestOwn(t *testing.T) {
	t.Parallel()
	doc := []byte(message)
	var v stanza.View
	st := read(t, doc, &v)
	st.Own()
	clear(doc)
	clear(v.Children)
	_ = append(st.Payload, "<spoils/>"...)
	for _, c := range st.Children {
		_, _ = append(c.Space, '!'), append(c.Local, '!')
	}
	if got, want := string(st.Payload), "<body>Wherefore?</body><request xmlns='urn:xmpp:receipts'/>"; got != want {
		t.Errorf("payload %q, want %q", got, want)
	}
	if !st.Has(stanza.NSClient, "body") || !st.Has("urn:xmpp:receipts", "request") || len(st.Children) != 2 {
		t.Errorf("children %v", st.Children)
	}
	if got := st.Element(stanza.NSClient, "body").Text(); got != "Wherefore?" {
		t.Errorf("body %q", got)
	}
}

// TestOwnAllocations: keeping a stanza costs one buffer and the list of its
// children, and what is kept already costs nothing.
func TestOwnAllocations(t *testing.T) {
	var v stanza.View
	st := *read(t, []byte(message), &v)
	for name, c := range map[string]struct {
		st   module.Stanza
		want float64
	}{"borrowed": {st, 2}, "owned": {*read(t, []byte(message), new(stanza.View)).Own(), 0}} {
		kept := new(module.Stanza)
		if got := testing.AllocsPerRun(100, func() {
			*kept = c.st
			kept.Own()
		}); got != c.want {
			t.Errorf("%s: %v allocations, want %v", name, got, c.want)
		}
	}
}
