package stanza_test

import (
	"strings"
	"testing"

	"parley/stanza"
	"pgregory.net/rapid"
)

func TestAppend(t *testing.T) {
	t.Parallel()
	attr := func(attrs ...stanza.Attr) *stanza.Element { return &stanza.Element{Local: "a", Attrs: attrs} }
	for _, c := range []struct {
		name   string
		e      *stanza.Element
		parent string
		want   string
	}{
		{"same namespace", stanza.New("u", "a"), "u", `<a/>`},
		{"other namespace", stanza.New("u", "a"), "", `<a xmlns='u'/>`},
		{"no namespace", stanza.New("", "a"), "u", `<a xmlns=''/>`},
		{"child in the same", stanza.New("u", "a").Add(stanza.New("u", "b")), "", `<a xmlns='u'><b/></a>`},
		{"children in others", stanza.New("u", "a").Add(stanza.New("", "b"), stanza.New("v", "c")), "", `<a xmlns='u'><b xmlns=''/><c xmlns='v'/></a>`},
		{"text escaped", stanza.New("", "a").AddText("<&>\"'\r\n\t]]>"), "", "<a>&lt;&amp;&gt;\"'&#xD;\n\t]]&gt;</a>"},
		{"value escaped", stanza.New("", "a", "b", "<&>\"'\r\n\t"), "", `<a b='&lt;&amp;&gt;&quot;&apos;&#xD;&#xA;&#x9;'/>`},
		{"bad characters", stanza.New("", "a", "b", "\x00\x1f").AddText("\uFFFE\uFFFFx\xC0\xAFy\xED\xA0\x80"), "", "<a b='\uFFFD\uFFFD'>\uFFFD\uFFFDx\uFFFD\uFFFDy\uFFFD\uFFFD\uFFFD</a>"},
		{"good characters", stanza.New("", "a").AddText("é€😀\u007F\u0085"), "", "<a>é€😀\u007F\u0085</a>"},
		{"bad names", stanza.New("", "1 a<", "b:c", "", "", ""), "", `<__a_ b_c='' _=''/>`},
		{"name beyond ASCII", stanza.New("", "имя"), "", `<имя/>`},
		{"names of the fifth edition", stanza.New("", "a\u200D", "\u2070", ""), "", `<a_ _=''/>`},
		{"xml:lang", stanza.New("", "a", "xml:lang", "en"), "", `<a xml:lang='en'/>`},
		{"xml:lang by namespace", attr(stanza.Attr{Space: stanza.NSXML, Name: "lang", Value: "en"}), "", `<a xml:lang='en'/>`},
		{"namespaced attributes", attr(stanza.Attr{Space: "u", Name: "b"}, stanza.Attr{Space: "v", Name: "b"}, stanza.Attr{Space: "u", Name: "c"}), "",
			`<a xmlns:ns0='u' ns0:b='' xmlns:ns1='v' ns1:b='' ns0:c=''/>`},
		{"attribute twice", attr(stanza.Attr{Name: "b", Value: "1"}, stanza.Attr{Name: "b", Value: "2"}, stanza.Attr{Name: "xml:b"}, stanza.Attr{Space: stanza.NSXML, Name: "b"}), "",
			`<a b='1' xml:b=''/>`},
		{"attribute twice once clean", attr(stanza.Attr{Name: "b c"}, stanza.Attr{Name: "b_c"}, stanza.Attr{Space: "\x01", Name: "d"}, stanza.Attr{Space: "\uFFFD", Name: "d"}), "",
			"<a b_c='' xmlns:ns0='\uFFFD' ns0:d=''/>"},
		{"declarations are ignored", attr(stanza.Attr{Name: "xmlns", Value: "u"}, stanza.Attr{Space: "http://www.w3.org/2000/xmlns/", Name: "p", Value: "u"}), "", `<a/>`},
		{"xml element", stanza.New(stanza.NSXML, "a").Add(stanza.New("u", "b")), "u", `<xml:a><b/></xml:a>`},
		{"xmlns element", stanza.New("http://www.w3.org/2000/xmlns/", "a"), "u", `<a xmlns=''/>`},
		{"stream element", stanza.New(stanza.NSStream, "features").Add(stanza.New("u", "b"), stanza.New(stanza.NSStream, "c")), stanza.NSClient,
			`<stream:features xmlns:stream='http://etherx.jabber.org/streams'><b xmlns='u'/><stream:c/></stream:features>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := string(c.e.Append(nil, c.parent)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			checkWritten(t, c.e)
		})
	}
}

func TestAppendManyAttributes(t *testing.T) {
	t.Parallel()
	e := stanza.New("", "a")
	for i := range 100 {
		name := "b" + strings.Repeat("x", i%40)
		e.Attrs = append(e.Attrs, stanza.Attr{Name: name}, stanza.Attr{Space: "u" + name, Name: "c"})
	}
	checkWritten(t, e)
	if n := strings.Count(e.String(), "='"); n != 120 { // 40 plain, 40 namespaced, 40 declarations
		t.Errorf("%d attributes written", n)
	}
}

func TestAppendStart(t *testing.T) {
	t.Parallel()
	got := stanza.AppendStart([]byte("x"), stanza.Message, "a'b", []byte("c&d"), "1", "", "")
	got = stanza.AppendEnd(got, stanza.Message)
	if want := `x<message xmlns='jabber:client' from='a&apos;b' to='c&amp;d' id='1'></message>`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	got = stanza.AppendStart(nil, stanza.IQ, "", "", "", "get", "en")
	if want := `<iq xmlns='jabber:client' type='get' xml:lang='en'>`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDeliveryAllocatesNothing(t *testing.T) {
	var s stanza.Scanner
	var v stanza.View
	if err := s.Scan([]byte(chat), &v); err != nil {
		t.Fatal(err)
	}
	var b []byte
	if n := testing.AllocsPerRun(100, func() {
		b = stanza.AppendStart(b[:0], v.Kind, "romeo@example.org/orchard", v.To, v.ID, v.Type, v.Lang)
		b = stanza.AppendEnd(v.AppendPayload(b), v.Kind)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// drawElement makes a tree of any strings, often the dangerous ones.
func drawElement(t *rapid.T, depth int) *stanza.Element {
	str := rapid.OneOf(
		rapid.String(),
		rapid.StringOfN(rapid.RuneFrom([]rune("ab:<>&'\"]\r\n\t \x00\uFFFE\uFFFDé")), 0, 8, -1),
		rapid.SampledFrom([]string{"xml", "xmlns", "xmlns:a", "xml:lang", stanza.NSXML, stanza.NSStream, stanza.NSClient, "http://www.w3.org/2000/xmlns/", "\xFF", "u"}),
	)
	e := &stanza.Element{Space: str.Draw(t, "space"), Local: str.Draw(t, "local")}
	for range rapid.IntRange(0, 20).Draw(t, "attrs") {
		e.Attrs = append(e.Attrs, stanza.Attr{Space: str.Draw(t, "space"), Name: str.Draw(t, "name"), Value: str.Draw(t, "value")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "nodes") {
		if depth > 0 && rapid.Bool().Draw(t, "element") {
			e.Nodes = append(e.Nodes, stanza.Node{Element: drawElement(t, depth-1)})
		} else {
			e.Nodes = append(e.Nodes, stanza.Node{Text: str.Draw(t, "text")})
		}
	}
	return e
}

func TestWriterNeverIllFormed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) { checkWritten(t, drawElement(r, 3)) })
}
