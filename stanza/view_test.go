package stanza_test

import (
	"strings"
	"testing"

	"parley/stanza"
)

func TestView(t *testing.T) {
	t.Parallel()
	doc := ` <message xmlns="jabber:client" to='a&amp;b@c' from="" type="chat" xml:lang="de" x:id='no' xmlns:x='u'>` +
		`<body>1</body> - <body xml:lang='en'>2</body><x xmlns='u'/></message> `
	var s stanza.Scanner
	var v stanza.View
	if err := s.Scan([]byte(doc), &v); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, got, want string }{
		{"kind", v.Kind.String(), "message"},
		{"space", string(v.Space), stanza.NSClient},
		{"local", string(v.Local), "message"},
		{"to", string(v.To), "a&b@c"},
		{"type", string(v.Type), "chat"},
		{"lang", string(v.Lang), "de"},
		{"payload", string(v.Payload), `<body>1</body> - <body xml:lang='en'>2</body><x xmlns='u'/>`},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.name, c.got, c.want)
		}
	}
	if v.From == nil || len(v.From) != 0 {
		t.Errorf("from is %#v, want it present and empty", v.From)
	}
	if v.ID != nil {
		t.Errorf("id is %q, want it absent", v.ID)
	}
	if c := v.Child(stanza.NSClient, "body"); c == nil || string(v.Payload[c.Start:c.End]) != `<body>1</body>` {
		t.Errorf("body is %v", c)
	}
	if c := v.Child("u", "x"); c == nil || c != &v.Children[2] {
		t.Errorf("x is %v", c)
	}
	if c := v.Child("", "body"); c != nil {
		t.Errorf("body in no namespace is %v", c)
	}
}

// A view is good until it is scanned into again, whatever else is scanned.
func TestViewsAreIndependent(t *testing.T) {
	t.Parallel()
	var s stanza.Scanner
	var one, two stanza.View
	if err := s.Scan([]byte(`<a xmlns='u&amp;1' to='b&lt;1'><c/></a>`), &one); err != nil {
		t.Fatal(err)
	}
	if err := s.Scan([]byte(`<a xmlns='v&amp;2' to='d&gt;2'><c/><e/></a>`), &two); err != nil {
		t.Fatal(err)
	}
	if string(one.To) != "b<1" || string(one.Space) != "u&1" || len(one.Children) != 1 || string(one.Children[0].Space) != "u&1" {
		t.Errorf("the first view is now %q %q %v", one.To, one.Space, one.Children)
	}
	if string(two.To) != "d>2" || len(two.Children) != 2 {
		t.Errorf("the second view is %q %v", two.To, two.Children)
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]stanza.Kind{
		`<message xmlns='jabber:client'/>`:                 stanza.Message,
		`<presence xmlns='jabber:client'/>`:                stanza.Presence,
		`<iq xmlns='jabber:client'/>`:                      stanza.IQ,
		`<c:iq xmlns:c='jabber:client'/>`:                  stanza.IQ,
		`<iq/>`:                                            stanza.Other,
		`<iq xmlns='jabber:server'/>`:                      stanza.Other,
		`<IQ xmlns='jabber:client'/>`:                      stanza.Other,
		`<r xmlns='urn:xmpp:sm:3'/>`:                       stanza.Other,
		`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`: stanza.Other,
	} {
		var s stanza.Scanner
		var v stanza.View
		if err := s.Scan([]byte(doc), &v); err != nil || v.Kind != want {
			t.Errorf("%s: %v, %v", doc, v.Kind, err)
		}
	}
}

func TestScanPayload(t *testing.T) {
	t.Parallel()
	payload := []byte(` <body>1</body>x<a xmlns='u'><b/></a><c/>`)
	children, err := stanza.ScanPayload(payload, make([]stanza.Child, 7))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ space, local, raw string }{
		{stanza.NSClient, "body", `<body>1</body>`}, {"u", "a", `<a xmlns='u'><b/></a>`}, {stanza.NSClient, "c", `<c/>`},
	}
	if len(children) != len(want) {
		t.Fatalf("got %d children", len(children))
	}
	for i, w := range want {
		if c := children[i]; !c.Is(w.space, w.local) || string(payload[c.Start:c.End]) != w.raw {
			t.Errorf("child %d is {%s}%s %q", i, c.Space, c.Local, payload[c.Start:c.End])
		}
	}
	if children, err := stanza.ScanPayload(nil, children); err != nil || len(children) != 0 {
		t.Errorf("of nothing: %v, %v", children, err)
	}
	for doc, want := range map[string]stanza.StreamCondition{
		`<a>`: nwf, `</a>`: nwf, `<a/></a>`: nwf, `<p:a/>`: prefix, `<!-- -->`: restricted, "a\x00": nwf, `&`: nwf,
	} {
		if _, err := stanza.ScanPayload([]byte(doc), nil); condition(t, err) != want {
			t.Errorf("%q: %v, want %q", doc, err, want)
		}
	}
}

// What Scan accepts can be made a tree and taken apart again, also where it was
// accepted only because of what stands around it.
func TestTreeOfPaddedElement(t *testing.T) {
	t.Parallel()
	inner := `<x xmlns:p='` + strings.Repeat("u", 2000) + `' xmlns='v'>` + strings.Repeat(`<p:y/>`, 100) + `</x>`
	for name, doc := range map[string]string{
		"by white space":   strings.Repeat(" ", 50_000) + `<message xmlns='jabber:client'>` + inner + `</message>`,
		"by its start tag": `<message xmlns='jabber:client' id='` + strings.Repeat("i", 50_000) + `'>` + inner + `</message>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s stanza.Scanner
			var v stanza.View
			if err := s.Scan([]byte(doc), &v); err != nil {
				t.Fatal(err)
			}
			if n := len(v.Tree().First().Nodes); n != 100 {
				t.Errorf("%d elements", n)
			}
			if children, err := stanza.ScanPayload(v.AppendPayload(nil), nil); err != nil || len(children) != 1 {
				t.Errorf("%d children, %v", len(children), err)
			}
		})
	}
}
