package stanza_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/stanza"
)

const (
	ok         = stanza.StreamCondition("")
	nwf        = stanza.StreamNotWellFormed
	restricted = stanza.StreamRestrictedXML
	prefix     = stanza.StreamNotWellFormed // RFC 6120 §11.3
	policy     = stanza.StreamPolicyViolation
)

// condition returns the condition of a stream error; empty for nil.
func condition(t testing.TB, err error) stanza.StreamCondition {
	t.Helper()
	if err == nil {
		return ok
	}
	var e *stanza.StreamError
	if !errors.As(err, &e) {
		t.Fatalf("not a stream error: %v", err)
	}
	return e.Condition
}

// scanCases has a named case for every rule of the scanner.
var scanCases = []struct {
	name, doc string
	want      stanza.StreamCondition
}{
	// The document, XML §2.1
	{"empty element", `<a/>`, ok},
	{"white space around", "\r\n\t <a/> \n", ok},
	{"nothing", ``, nwf},
	{"white space only", " \n", nwf},
	{"text before", `x<a/>`, nwf},
	{"text after", `<a/>x`, nwf},
	{"reference after", `<a/>&lt;`, nwf},
	{"second element", `<a/><b/>`, nwf},
	{"byte order mark", "\uFEFF<a/>", nwf},
	{"no-break space before", "\u00A0<a/>", nwf},
	{"element does not end", `<a>`, nwf},
	{"inner element does not end", `<a><b></a>`, nwf},
	{"lone less-than", `<`, nwf},
	{"less-than at the end", `<a><`, nwf},
	{"end tag alone", `</a>`, nwf},
	{"end tag after the element", `<a/></a>`, nwf},

	// UTF-8 and Char, XML §2.2
	{"two byte character", "<a>\u00A9</a>", ok},
	{"three byte character", "<a>\u20AC\uFFFD\uD7FF\uE000</a>", ok},
	{"four byte character", "<a>\U0001F600\U0010FFFF\U00010000</a>", ok},
	{"delete and C1", "<a>\x7f\u0080\u0085\u009f</a>", ok},
	{"noncharacter above the BMP", "<a>\U0001FFFE</a>", ok},
	{"NUL", "<a>\x00</a>", nwf},
	{"control character", "<a>\x1f</a>", nwf},
	{"form feed", "<a>\f</a>", nwf},
	{"control character in value", "<a b='\x0b'/>", nwf},
	{"control character in CDATA", "<a><![CDATA[\x01]]></a>", nwf},
	{"U+FFFE", "<a>\uFFFE</a>", nwf},
	{"U+FFFF", "<a>\uFFFF</a>", nwf},
	{"U+FFFF in value", "<a b='\uFFFF'/>", nwf},
	{"U+FFFF in CDATA", "<a><![CDATA[\uFFFF]]></a>", nwf},
	{"surrogate", "<a>\xED\xA0\x80</a>", nwf},
	{"surrogate pair as CESU-8", "<a>\xED\xA0\xBD\xED\xB8\x80</a>", nwf},
	{"overlong slash", "<a>\xC0\xAF</a>", nwf},
	{"overlong NUL", "<a>\xC0\x80</a>", nwf},
	{"overlong three bytes", "<a>\xE0\x80\xBC</a>", nwf},
	{"overlong four bytes", "<a>\xF0\x80\x80\xBC</a>", nwf},
	{"above U+10FFFF", "<a>\xF4\x90\x80\x80</a>", nwf},
	{"lead byte F5", "<a>\xF5\x80\x80\x80</a>", nwf},
	{"continuation alone", "<a>\x80</a>", nwf},
	{"cut two byte character", "<a>\xC2</a>", nwf},
	{"cut three byte character", "<a>\xE2\x82</a>", nwf},
	{"cut four byte character", "<a>\xF0\x9F\x98</a>", nwf},
	{"cut character before CDATA end", "<a><![CDATA[\xE2\x82]]></a>", nwf},
	{"invalid in name", "<a\xFF/>", nwf},
	{"Latin-1", "<a>caf\xE9</a>", nwf},

	// Names, XML §2.3 and Namespaces in XML §4
	{"ASCII name", `<_a-b.c9/>`, ok},
	{"Cyrillic name", `<имя/>`, ok},
	{"middle dot inside a name", "<a\u00B7/>", ok},
	{"combining inside a name", "<a\u0301/>", ok},
	{"Greek prefix and attribute", `<α:a xmlns:α='u' β='' α:γ=''/>`, ok},
	{"name above the BMP", "<\U00010000/>", nwf},
	{"fifth edition's name", "<\u2070/>", nwf},
	{"fifth edition inside a name", "<a\u200D/>", nwf},
	{"fifth edition in an attribute name", "<a b\u0487=''/>", nwf},
	{"fifth edition in a prefix", "<\u0220:a xmlns:\u0220='u'/>", nwf},
	{"digit first", `<1/>`, nwf},
	{"hyphen first", `<-a/>`, nwf},
	{"dot first", `<.a/>`, nwf},
	{"space first", `< a/>`, nwf},
	{"middle dot first", "<\u00B7/>", nwf},
	{"combining first", "<\u0301/>", nwf},
	{"multiplication sign in name", "<a\u00D7/>", nwf},
	{"emptied plane in name", "<a\U000F0000/>", nwf},
	{"colon first", `<:a/>`, nwf},
	{"colon last", `<a:/>`, nwf},
	{"two colons", `<a xmlns:b='u'><b:c:d/></a>`, nwf},
	{"digit after prefix", `<a xmlns:b='u'><b:1/></a>`, nwf},
	{"only a colon", `<:/>`, nwf},
	{"attribute colon last", `<a xmlns:b='u' b:='x'/>`, nwf},

	// Tags, XML §3.1
	{"space before the end", `<a ></a >`, ok},
	{"space before slash", `<a />`, ok},
	{"newline in tag", "<a\nb='c'\r\n/>", ok},
	{"space around equals", "<a b = 'c'/>", ok},
	{"slash alone", `<a/ >`, nwf},
	{"slash in tag", `<a / b='c'>`, nwf},
	{"end tag mismatch", `<a></b>`, nwf},
	{"end tag case", `<a></A>`, nwf},
	{"end tag longer", `<a></ab>`, nwf},
	{"end tag shorter", `<ab></a>`, nwf},
	{"end tag prefix differs", `<a xmlns:b='u' xmlns:c='u'><b:d></c:d></a>`, nwf},
	{"end tag with attribute", `<a></a b='c'>`, nwf},
	{"end tag with space", `<a></ a>`, nwf},
	{"end tag with slash", `<a></a/>`, nwf},
	{"end tag cut", `<a></a`, nwf},
	{"empty end tag", `<a></>`, nwf},
	{"crossed tags", `<a><b></a></b>`, nwf},

	// Attributes, XML §3.1 and §3.3.3
	{"both quotes", `<a b='"' c="'"/>`, ok},
	{"greater-than in value", `<a b='>'/>`, ok},
	{"bracket sequence in value", `<a b=']]>'/>`, ok},
	{"newline in value", "<a b='c\nd\te'/>", ok},
	{"no quotes", `<a b=c/>`, nwf},
	{"no value", `<a b/>`, nwf},
	{"no value at end", `<a b`, nwf},
	{"equals at end", `<a b=`, nwf},
	{"value does not end", `<a b='c/>`, nwf},
	{"quotes differ", `<a b='c"/>`, nwf},
	{"no space between", `<a b='c'd='e'/>`, nwf},
	{"less-than in value", `<a b='<'/>`, nwf},
	{"less-than as reference in value", `<a b='&lt;'/>`, ok},
	{"ampersand in value", `<a b='&'/>`, nwf},
	{"twice", `<a b='c' b='d'/>`, nwf},
	{"twice among others", `<a b='c' d='' e='' b='d'/>`, nwf},
	{"twice by namespace", `<a xmlns:b='u' xmlns:c='u' b:d='' c:d=''/>`, nwf},
	{"twice by namespace declared after", `<a b:d='' c:d='' xmlns:b='u' xmlns:c='u'/>`, nwf},
	{"twice by namespace with a reference", `<a xmlns:b='u' xmlns:c='&#117;' b:d='' c:d=''/>`, nwf},
	{"same local name, other namespace", `<a xmlns:b='u' xmlns:c='v' b:d='' c:d='' d=''/>`, ok},
	{"prefixed and default namespace", `<a xmlns='u' xmlns:b='u' d='' b:d=''/>`, ok},
	{"xml:lang twice", `<a xml:lang='a' xml:lang='b'/>`, nwf},
	{"xmlns twice", `<a xmlns='u' xmlns='u'/>`, nwf},
	{"xmlns:b twice", `<a xmlns:b='u' xmlns:b='v'/>`, nwf},
	{"many, one twice", `<a` + attrs(40) + ` a7=''/>`, nwf},
	{"many", `<a` + attrs(40) + `/>`, ok},
	{"many, twice by namespace", `<a xmlns:p='u' xmlns:q='u' p:a='' q:a=''` + attrs(40) + `/>`, nwf},

	// Namespaces in XML
	{"prefix declared here", `<b:a xmlns:b='u'/>`, ok},
	{"prefix declared above", `<a xmlns:b='u'><b:c b:d=''/></a>`, ok},
	{"prefix not declared", `<b:a/>`, prefix},
	{"attribute prefix not declared", `<a b:c=''/>`, prefix},
	{"prefix declared below", `<b:a><c xmlns:b='u'/></b:a>`, prefix},
	{"prefix declared in a sibling", `<a><c xmlns:b='u'/><b:d/></a>`, prefix},
	{"prefix out of scope in many", `<a><c` + declarations(30) + `/><p3:d/></a>`, prefix},
	{"prefix hidden and back", `<p3:a` + declarations(30) + `><p3:b xmlns:p3='v'/><p3:c/></p3:a>`, ok},
	{"prefix unbound", `<a xmlns:b=''/>`, nwf},
	{"default namespace undone", `<a xmlns='u'><b xmlns=''/></a>`, ok},
	{"xml prefix", `<a xml:lang='en' xml:space='preserve'><xml:b/></a>`, ok},
	{"xml declared rightly", `<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>`, ok},
	{"xml declared wrongly", `<a xmlns:xml='u'/>`, nwf},
	{"xml namespace to another prefix", `<a xmlns:b='http://www.w3.org/XML/1998/namespace'/>`, nwf},
	{"xml namespace as default", `<a xmlns='http://www.w3.org/XML/1998/namespace'/>`, nwf},
	{"xmlns declared", `<a xmlns:xmlns='u'/>`, nwf},
	{"xmlns declared rightly", `<a xmlns:xmlns='http://www.w3.org/2000/xmlns/'/>`, nwf},
	{"xmlns namespace to a prefix", `<a xmlns:b='http://www.w3.org/2000/xmlns/'/>`, nwf},
	{"xmlns namespace as default", `<a xmlns='http://www.w3.org/2000/xmlns/'/>`, nwf},
	{"element with prefix xmlns", `<xmlns:a/>`, prefix},
	{"stream prefix not declared", `<stream:features/>`, prefix},

	// References, XML §4.1, RFC 6120 §11.1
	{"five entities", `<a b='&lt;&gt;&amp;&quot;&apos;'>&lt;&gt;&amp;&quot;&apos;</a>`, ok},
	{"character references", `<a b='&#60;&#x3C;&#x3c;'>&#9;&#xA;&#x00000041;&#1114111;</a>`, ok},
	{"ampersand alone", `<a>&</a>`, nwf},
	{"ampersand and space", `<a>& lt;</a>`, nwf},
	{"reference without semicolon", `<a>&lt</a>`, nwf},
	{"reference upper case X", `<a>&#X41;</a>`, nwf},
	{"reference without digits", `<a>&#;</a>`, nwf},
	{"reference without hex digits", `<a>&#x;</a>`, nwf},
	{"reference with sign", `<a>&#-1;</a>`, nwf},
	{"reference with letter", `<a>&#4a;</a>`, nwf},
	{"reference at end", `<a>&#4`, nwf},
	{"reference to NUL", `<a>&#0;</a>`, nwf},
	{"reference to control", `<a b='&#x1F;'/>`, nwf},
	{"reference to surrogate", `<a>&#xD800;</a>`, nwf},
	{"reference to U+FFFE", `<a>&#xFFFE;</a>`, nwf},
	{"reference too large", `<a>&#x110000;</a>`, nwf},
	{"reference overflowing", `<a>&#18446744073709551681;</a>`, nwf},
	{"reference overflowing hex", `<a>&#x10000000000000041;</a>`, nwf},
	{"unknown entity", `<a>&nbsp;</a>`, restricted},
	{"unknown entity in value", `<a b='&foo;'/>`, restricted},
	{"entity in other case", `<a>&LT;</a>`, restricted},
	{"entity name longer", `<a>&ltx;</a>`, restricted},
	{"parameter entity is text", `<a>%foo;</a>`, ok},

	// Text and CDATA, XML §2.4 and §2.7
	{"greater-than in text", `<a>></a>`, ok},
	{"brackets in text", `<a>]] ]></a>`, ok},
	{"CDATA end in text", `<a>]]></a>`, nwf},
	{"CDATA end after brackets", `<a>]]]]></a>`, nwf},
	{"CDATA", `<a><![CDATA[<b>&]] ]>]]></a>`, ok},
	{"empty CDATA", `<a><![CDATA[]]></a>`, ok},
	{"CDATA that ends in brackets", `<a><![CDATA[]]]]></a>`, ok},
	{"CDATA split", `<a><![CDATA[]]]]><![CDATA[>]]></a>`, ok},
	{"CDATA does not end", `<a><![CDATA[</a>`, nwf},
	{"CDATA lower case", `<a><![cdata[x]]></a>`, restricted},
	{"CDATA outside", `<![CDATA[x]]><a/>`, restricted},
	{"CDATA after", `<a/><![CDATA[ ]]>`, restricted},

	// RFC 6120 §11.1
	{"comment", `<a><!-- x --></a>`, restricted},
	{"comment before", `<!-- x --><a/>`, restricted},
	{"comment after", `<a/><!-- x -->`, restricted},
	{"processing instruction", `<a><?b c?></a>`, restricted},
	{"processing instruction before", `<?b c?><a/>`, restricted},
	{"XML declaration", `<?xml version='1.0'?><a/>`, restricted},
	{"XML declaration inside", `<a><?xml version='1.0'?></a>`, restricted},
	{"document type", `<!DOCTYPE a><a/>`, restricted},
	{"document type inside", `<a><!DOCTYPE a></a>`, restricted},
	{"entity declaration inside", `<a><!ENTITY b 'c'></a>`, restricted},
	{"conditional section", `<a><![INCLUDE[x]]></a>`, restricted},
}

// attrs returns n attributes a0 to a(n-1).
func attrs(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " a%d=''", i)
	}
	return b.String()
}

// declarations returns n namespace declarations p0 to p(n-1).
func declarations(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " xmlns:p%d='u'", i)
	}
	return b.String()
}

func TestScanRules(t *testing.T) {
	t.Parallel()
	for _, c := range scanCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var s stanza.Scanner
			var v stanza.View
			got := condition(t, s.Scan([]byte(c.doc), &v))
			if got != c.want {
				t.Fatalf("Scan(%q) = %q, want %q", c.doc, got, c.want)
			}
			if _, err := stanza.Parse([]byte(c.doc)); condition(t, err) != c.want {
				t.Errorf("Parse(%q) = %v, want %q", c.doc, err, c.want)
			}
			if got == ok {
				agree(t, []byte(c.doc), v.Tree())
				checkView(t, []byte(c.doc), &v)
			}
		})
	}
}

// TestNasty scans published attacks. The condition is how the file name begins.
func TestNasty(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/nasty/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, _, _ := strings.Cut(filepath.Base(file), "_")
			s := stanza.Scanner{Limits: stanza.Limits{Bytes: 256 << 10, Depth: 64, Elements: 4096, Attributes: 64}}
			var v stanza.View
			if got := condition(t, s.Scan(doc, &v)); string(got) != want {
				t.Errorf("got %q, want %q", got, want)
			}
			items, err := split(t, []byte(streamHeader+string(doc)), s.Limits)
			if err == nil && !strings.HasPrefix(letters(items), "OS") {
				t.Errorf("the splitter yields %v", items)
			}
			for _, i := range items {
				if i.it == stanza.Stanza && s.Scan([]byte(i.b), &v) == nil {
					t.Errorf("accepted from a stream: %q", i.b)
				}
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	doc := `<a b='' c=''><d><e/></d><f xmlns='u' g=''/></a>` // 4 elements, depth 3
	for _, c := range []struct {
		name   string
		limits stanza.Limits
		want   stanza.StreamCondition
	}{
		{"none", stanza.Limits{}, ok},
		{"bytes at the limit", stanza.Limits{Bytes: len(doc)}, ok},
		{"bytes over", stanza.Limits{Bytes: len(doc) - 1}, policy},
		{"depth at the limit", stanza.Limits{Depth: 3}, ok},
		{"depth over", stanza.Limits{Depth: 2}, policy},
		{"elements at the limit", stanza.Limits{Elements: 4}, ok},
		{"elements over", stanza.Limits{Elements: 3}, policy},
		{"attributes at the limit", stanza.Limits{Attributes: 2}, ok},
		{"attributes over", stanza.Limits{Attributes: 1}, policy},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := stanza.Scanner{Limits: c.limits}
			var v stanza.View
			if got := condition(t, s.Scan([]byte(doc), &v)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestHuge has what takes minutes when anything is quadratic.
func TestHuge(t *testing.T) {
	t.Parallel()
	const n = 100_000
	for _, c := range []struct {
		name, doc string
		want      stanza.StreamCondition
	}{
		{"attributes", `<a` + attrs(n) + `/>`, ok},
		{"attributes, the last twice", `<a` + attrs(n) + ` a0=''/>`, nwf},
		{"declarations and uses", `<a` + declarations(n) + `>` + strings.Repeat(`<p0:b/>`, n) + `</a>`, ok},
		{"redeclarations", `<a` + declarations(1000) + `>` + strings.Repeat(`<p0:b xmlns:p0='v'/>`, n) + `</a>`, ok},
		{"too deep", strings.Repeat(`<a>`, n) + strings.Repeat(`</a>`, n), policy},
		{"deep", strings.Repeat(`<a>`, 10_000) + strings.Repeat(`</a>`, 10_000), ok},
		{"deep with namespaces", strings.Repeat(`<a xmlns:b='u' xmlns='v'>`, 10_000) + strings.Repeat(`</a>`, 10_000), ok},
		{"long names", strings.Repeat(`<`+strings.Repeat("a", 1000)+`/>`, 1), ok},
		{"references", `<a b='` + strings.Repeat("&amp;", n) + `'>` + strings.Repeat("&#65;", n) + `</a>`, ok},
		{"CDATA sections", `<a>` + strings.Repeat("<![CDATA[]]>", n) + `</a>`, ok},
		{"CDATA sections with text", `<a>` + strings.Repeat("<![CDATA[x]]>", n) + `</a>`, ok},
		{"brackets", `<a>` + strings.Repeat("]", n) + `</a>`, ok},
		{"reference with endless digits", `<a>&#` + strings.Repeat("0", n) + `65;</a>`, ok},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var s stanza.Scanner
			var v stanza.View
			if got := condition(t, s.Scan([]byte(c.doc), &v)); got != c.want {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			if c.want == ok {
				v.AppendPayload(nil)
				v.Tree().Append(nil, "")
			}
		})
	}
}

// A long namespace that stands in the document once must not be written again
// for each of thousands of names that use it.
func TestNamespaceAmplification(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("u", 50_000)
	for name, doc := range map[string]string{
		"prefixed children":      `<a xmlns:b='` + long + `'>` + strings.Repeat(`<b:c/>`, 4000) + `</a>`,
		"attributes":             `<b:a xmlns:b='` + long + `'>` + strings.Repeat(`<b:c b:d=''/>`, 4000) + `</b:a>`,
		"two prefixes":           `<b:a xmlns:b='` + long + `'>` + strings.Repeat(`<c><b:d/></c>`, 4000) + `</b:a>`,
		"alternating namespaces": `<m xmlns='jabber:client' xmlns:b='` + long + `'><x xmlns='` + long + `2'>` + strings.Repeat(`<b:c><y/></b:c>`, 2000) + `</x></m>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s stanza.Scanner
			var v stanza.View
			if got := condition(t, s.Scan([]byte(doc), &v)); got != policy {
				t.Errorf("got %q, want %q", got, policy)
			}
		})
	}
}

// TestScanAllocatesNothing: the message path allows no allocation for reading a
// typical stanza.
func TestScanAllocatesNothing(t *testing.T) {
	for _, doc := range []string{chat, presence, roster(200)} {
		var v stanza.View
		scan := stanza.ScanAlone(stanza.Limits{Bytes: 256 << 10, Depth: 64, Elements: 4096})
		b := []byte(doc)
		if n := testing.AllocsPerRun(100, func() {
			if err := scan(b, &v); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%.40q: %v allocations", doc, n)
		}
	}
}
