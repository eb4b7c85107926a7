package stanza_test

import (
	"reflect"
	"strings"
	"testing"

	"parley/stanza"
)

const encoding = stanza.StreamUnsupportedEncoding

var splitCases = []struct {
	name, stream string
	items        string // O, C, S and space for the items
	want         stanza.StreamCondition
}{
	{"nothing", ``, "", ok},
	{"header", streamHeader, "O", ok},
	{"header without declaration", `<stream>`, "O", ok},
	{"white space before the header", "\n<stream>", " O", ok},
	{"white space in the prolog", "<?xml version='1.0'?>\r\n <stream>", "O", ok},
	{"self-closed header", `<stream/>`, "O", ok},
	{"stanza after a self-closed header", `<stream/><a/>`, "O", nwf},
	{"space after a self-closed header", `<stream/> `, "O ", ok},
	{"greater-than in the header", `<stream to='>'><a/>`, "OS", ok},
	{"slash in the header", `<stream to='/'><a/>`, "OS", ok},
	{"slash last in the header", `<stream to='x/'><a/>`, "OS", ok},
	{"encoding", `<?xml version='1.0' encoding='utf-8'?><stream>`, "O", ok},
	{"encoding in other quotes", `<?xml version="1.0" encoding="UTF-8" standalone="yes" ?><stream>`, "O", ok},
	{"other encoding", `<?xml version='1.0' encoding='ISO-8859-1'?><stream>`, "", encoding},
	{"UTF-16 with mark", "\xFE\xFF\x00<", "", encoding},
	{"UTF-16 with other mark", "\xFF\xFE<\x00", "", encoding},
	{"UTF-16 without mark", "<\x00s\x00", "", encoding},
	{"UTF-8 mark", "\uFEFF<stream>", "", nwf},
	{"declaration without version", `<?xml encoding='utf-8'?><stream>`, "", nwf},
	{"declaration with version 2", `<?xml version='2.0'?><stream>`, "", nwf},
	{"declaration with a greater-than", `<?xml version='1.0' > ?><stream>`, "", nwf},
	{"declaration with rubbish", `<?xml version='1.0' x='y'?><stream>`, "", nwf},
	{"declaration twice", `<?xml version='1.0'?><?xml version='1.0'?><stream>`, "", restricted},
	{"other instruction", `<?xml-stylesheet?><stream>`, "", restricted},
	{"instruction after declaration", `<?xml version='1.0'?><?a?><stream>`, "", restricted},
	{"declaration in the stream", `<stream><?xml version='1.0'?>`, "O", restricted},
	{"document type", `<?xml version='1.0'?><!DOCTYPE a>`, "", restricted},
	{"comment before the header", `<!--`, "", restricted},
	{"end tag first", `</stream>`, "", nwf},
	{"not XML", "GET / HTTP/1.1\r\n", "", nwf},
	{"TLS", "\x16\x03\x01", "", nwf},

	{"stanzas and keep-alives", `<stream> <a/><b></b>` + "\n" + `<c>x</c></stream> `, "O SS SC ", ok},
	{"nested", `<stream><a><b><c/></b></a><d/>`, "OSS", ok},
	{"not yet whole", `<stream><a><b></b>`, "O", ok},
	{"not yet whole tag", `<stream><a b=">`, "O", ok},
	{"tags in values", `<stream><a b='>/>' c="</a>"/>`, "O", nwf},
	{"ends in values", `<stream><a b='>/>' c="/a>"/><d/>`, "OSS", ok},
	{"CDATA with tags", `<stream><a><![CDATA[</a></stream>]]]]></a><b/>`, "OSS", ok},
	{"CDATA brackets", `<stream><a><![CDATA[]]]]]>]]></a><b/>`, "OSS", ok},
	{"CDATA at the first level", `<stream><![CDATA[x]]>`, "O", restricted},
	{"comment in a stanza", `<stream><a><!-- </a> -->`, "O", restricted},
	{"almost CDATA", `<stream><a><![CDATAX`, "O", restricted},
	{"instruction in a stanza", `<stream><a><?b`, "O", restricted},
	{"text at the first level", `<stream>x`, "O", nwf},
	{"reference at the first level", `<stream>&#32;`, "O", nwf},
	{"less-than in a tag", `<stream><a <b`, "O", nwf},
	{"less-than in a value", `<stream><a b='<`, "O", nwf},
	{"less-than in an end tag", `<stream><a></a<`, "O", nwf},
	{"slash in a tag", `<stream><a / `, "O", nwf},
	{"space after less-than", `<stream>< a`, "O", nwf},
	{"end of another", `<stream></b>`, "O", nwf},
	{"end of a longer name", `<stream></streams>`, "O", nwf},
	{"end with rubbish", `<stream></stream x>`, "O", nwf},
	{"end with space", "<stream></stream\n>", "OC", ok},
	{"prefix of the end", `<s:stream></s:stream>`, "OC", ok},
	{"other prefix of the end", `<s:stream></t:stream>`, "O", nwf},
	{"stanza after the end", `<stream></stream><a/>`, "OC", nwf},
	{"second end", `<stream></stream></stream>`, "OC", nwf},
	{"header after the end", `<stream></stream>` + streamHeader, "OC", nwf},
	{"mismatch is for Scan to see", `<stream><a></b><c/>`, "OSS", ok},
}

var itemLetters = map[stanza.Item]byte{stanza.Space: ' ', stanza.StreamOpen: 'O', stanza.StreamClose: 'C', stanza.Stanza: 'S'}

func letters(items []item) string {
	var b strings.Builder
	for _, i := range items {
		b.WriteByte(itemLetters[i.it])
	}
	return b.String()
}

func TestSplitter(t *testing.T) {
	t.Parallel()
	for _, c := range splitCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			items, err := split(t, []byte(c.stream), stanza.Limits{})
			if got := condition(t, err); got != c.want || letters(items) != c.items {
				t.Fatalf("got %q and %q, want %q and %q", letters(items), got, c.items, c.want)
			}
			checkCuts(t, []byte(c.stream), stanza.Limits{})
		})
	}
}

// checkCuts fails unless the splitter finds the same however the bytes arrive:
// one by one, and in two parts cut at every place.
func checkCuts(t testing.TB, stream []byte, limits stanza.Limits) {
	t.Helper()
	want, wantErr := split(t, stream, limits)
	compare := func(how string, more func(have int) int) {
		got, err := splitAt(t, stream, limits, more)
		if !reflect.DeepEqual(got, want) || condition(t, err) != condition(t, wantErr) {
			t.Fatalf("%s: %q\n got %q, %v\nwant %q, %v", how, stream, got, err, want, wantErr)
		}
	}
	compare("byte by byte", func(have int) int { return have + 1 })
	for cut := range stream {
		compare("in two parts", func(have int) int {
			if have < cut {
				return cut
			}
			return len(stream)
		})
	}
}

// TestSplitterAgreesWithScan splits every document of the other tests.
func TestSplitterAgreesWithScan(t *testing.T) {
	t.Parallel()
	for _, c := range scanCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkAgainstScan(t, []byte(c.doc))
			checkCuts(t, []byte(`<stream>`+c.doc+`</stream>`), stanza.Limits{})
		})
	}
}

// checkAgainstScan fails unless the splitter takes a document for one stanza
// whenever Scan accepts it. If Scan does not, then neither may Scan accept all
// that the splitter makes of it, as one element.
func checkAgainstScan(t testing.TB, doc []byte) {
	t.Helper()
	var s stanza.Scanner
	var v stanza.View
	scanErr := s.Scan(doc, &v)
	items, err := split(t, append([]byte(`<stream>`), doc...), stanza.Limits{})
	var stanzas []string
	for _, i := range items {
		if i.it == stanza.Stanza {
			stanzas = append(stanzas, i.b)
		}
	}
	if scanErr == nil {
		if err != nil || len(stanzas) != 1 || stanzas[0] != string(v.Raw) {
			t.Fatalf("Scan accepts %q, the splitter yields %q, %v", doc, items, err)
		}
		return
	}
	if err == nil && len(stanzas) == 1 && strings.Trim(string(doc), " \t\r\n") == stanzas[0] {
		if s.Scan([]byte(stanzas[0]), &v) == nil {
			t.Fatalf("Scan accepts %q but not %q", stanzas[0], doc)
		}
	}
}

func TestSplitterLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, stream string
		limits       stanza.Limits
		items        string
		want         stanza.StreamCondition
	}{
		{"stanza at the limit", `<stream><a>12345</a>`, stanza.Limits{Bytes: 12}, "OS", ok},
		{"stanza over", `<stream><a>123456</a>`, stanza.Limits{Bytes: 12}, "O", policy},
		{"unfinished at the limit", `<stream><a>123456789`, stanza.Limits{Bytes: 12}, "O", ok},
		{"unfinished over", `<stream><a>1234567890`, stanza.Limits{Bytes: 12}, "O", policy},
		{"unfinished tag over", `<stream><a b='34567890`, stanza.Limits{Bytes: 12}, "O", policy},
		{"error before the limit", `<stream><a><!--67890123`, stanza.Limits{Bytes: 12}, "O", restricted},
		{"error behind the limit", `<stream><a>123456789<!--`, stanza.Limits{Bytes: 12}, "O", policy},
		{"header at the limit", `<stream a='' >`, stanza.Limits{Bytes: 14}, "O", ok},
		{"header over", `<stream a=''  >`, stanza.Limits{Bytes: 14}, "", policy},
		{"many small ones", `<stream>` + strings.Repeat(`<a/> `, 20), stanza.Limits{Bytes: 12}, "O" + strings.Repeat("S ", 20), ok},
		{"much space", `<stream>` + strings.Repeat(` `, 100), stanza.Limits{Bytes: 12}, "O ", ok},
		{"depth at the limit", `<stream><a><b><c/></b></a>`, stanza.Limits{Depth: 3}, "OS", ok},
		{"depth over", `<stream><a><b><c><d`, stanza.Limits{Depth: 3}, "O", policy},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			items, err := split(t, []byte(c.stream), c.limits)
			if got := condition(t, err); got != c.want || letters(items) != c.items {
				t.Fatalf("got %q and %q, want %q and %q", letters(items), got, c.items, c.want)
			}
			checkCuts(t, []byte(c.stream), c.limits)
		})
	}
}

func TestSplitterReset(t *testing.T) {
	t.Parallel()
	s := stanza.Splitter{Limits: stanza.Limits{Bytes: 1000}}
	for range 2 {
		for _, part := range []item{{stanza.StreamOpen, streamHeader}, {stanza.Stanza, `<a/>`}} {
			if it, n, err := s.Next([]byte(part.b)); it != part.it || n != len(part.b) || err != nil {
				t.Fatalf("Next(%q) = %v, %d, %v", part.b, it, n, err)
			}
		}
		s.Reset()
	}
	if _, _, err := s.Next([]byte(`x`)); err == nil {
		t.Fatal("no error for text before the header")
	}
	s.Reset()
	if it, _, err := s.Next([]byte(streamHeader)); it != stanza.StreamOpen || err != nil {
		t.Fatalf("after Reset: %v, %v", it, err)
	}
	if s.Limits.Bytes != 1000 {
		t.Error("Reset takes the limits away")
	}
}

// TestSplitterLooksOnce feeds a stanza of a megabyte byte by byte, which takes
// minutes when it is looked at from its start each time.
func TestSplitterLooksOnce(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"text":     strings.Repeat("x", 1<<20),
		"brackets": "<![CDATA[" + strings.Repeat("]", 1<<20) + "]]>",
		"value":    "<b c='" + strings.Repeat("x", 1<<20) + "'/>",
		"tag":      "<b" + strings.Repeat(" ", 1<<20) + "/>",
		"elements": strings.Repeat("<b/>", 1<<18),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream := []byte(`<stream><a>` + content + `</a>`)
			items, err := splitAt(t, stream, stanza.Limits{}, func(have int) int { return have + 1 })
			if err != nil || letters(items) != "OS" {
				t.Errorf("got %q, %v", letters(items), err)
			}
		})
	}
}

func TestSplitterAllocatesNothing(t *testing.T) {
	var s stanza.Splitter
	if _, _, err := s.Next([]byte(streamHeader)); err != nil {
		t.Fatal(err)
	}
	doc := []byte(chat)
	if n := testing.AllocsPerRun(100, func() {
		if it, _, err := s.Next(doc); it != stanza.Stanza {
			t.Fatal(it, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
