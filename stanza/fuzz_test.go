package stanza_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/stanza"
)

// addDocuments gives all documents of the other tests as seeds.
func addDocuments(f *testing.F) {
	for _, c := range scanCases {
		f.Add([]byte(c.doc))
	}
	for _, w := range workloads {
		f.Add([]byte(w.doc))
	}
	for _, c := range canonicalCases {
		f.Add([]byte(c.doc))
	}
	files, err := filepath.Glob("testdata/[ns]*/*") // nasty, strange
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
}

// FuzzScan compares with expat: what we accept it accepts, and with the same
// tree. It refuses less on purpose, so not the other way.
func FuzzScan(f *testing.F) {
	addDocuments(f)
	var s, inScope stanza.Scanner
	var v stanza.View
	h, err := stanza.ParseHeader([]byte(streamHeader))
	if err != nil {
		f.Fatal(err)
	}
	inScope.SetScope(h)
	f.Fuzz(func(t *testing.T, doc []byte) {
		if inScope.Scan(doc, &v) == nil {
			agree(t, inStream(v.Raw), stanza.New(stanza.NSStream, "stream").Add(v.Tree()))
			checkView(t, doc, &v)
		}
		err := s.Scan(doc, &v)
		if _, parseErr := stanza.Parse(doc); condition(t, parseErr) != condition(t, err) {
			t.Fatalf("Scan: %v, Parse: %v", err, parseErr)
		}
		if err != nil {
			checkExpatRefuses(t, doc, err)
			return
		}
		agree(t, doc, v.Tree())
		checkView(t, doc, &v)
	})
}

// inStream puts an element where a stream header has it.
func inStream(doc []byte) []byte {
	return []byte(`<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>` + string(doc) + `</stream:stream>`)
}

// checkExpatRefuses is the other way, for what is not refused on purpose.
func checkExpatRefuses(t *testing.T, doc []byte, err error) {
	t.Helper()
	answer, known := ask(t, doc)
	if !known || answer[0] == '!' || condition(t, err) == policy || condition(t, err) == restricted {
		return
	}
	onPurpose := bytes.HasPrefix(doc, []byte("\uFEFF")) || looksUTF16(doc) || // RFC 6120 §11.6
		bytes.Contains(doc, []byte("<!")) || bytes.Contains(doc, []byte("<?")) // RFC 6120 §11.1
	if !onPurpose {
		t.Fatalf("we refuse what expat accepts: %v\n%q", err, doc)
	}
}

// looksUTF16 reports whether expat would not believe that doc is UTF-8.
func looksUTF16(doc []byte) bool {
	for _, first := range []string{"\xFE\xFF", "\xFF\xFE", "<\x00", "\x00<"} {
		if bytes.HasPrefix(doc, []byte(first)) {
			return true
		}
	}
	return false
}

// FuzzSplitter cuts a stream at every byte and compares with Scan and expat.
func FuzzSplitter(f *testing.F) {
	for _, c := range splitCases {
		f.Add([]byte(c.stream), 0)
		f.Add([]byte(c.stream), 16)
	}
	for _, c := range scanCases {
		f.Add([]byte(streamHeader+c.doc+`</stream:stream>`), 0)
	}
	f.Add([]byte(`<stream:stream to='é' ж='' xmlns:й='u' й:ж='' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><й:ä/></stream:stream>`), 0)
	f.Fuzz(func(t *testing.T, stream []byte, limit int) {
		if len(stream) > 4096 {
			return // cutting at every byte is quadratic
		}
		limits := stanza.Limits{Bytes: max(0, limit)}
		checkCuts(t, stream, limits)
		checkAgainstScan(t, stream)
		checkStream(t, stream, limits)
	})
}

// checkStream fails unless expat accepts, as one document, a stream in which
// the splitter and then ParseHeader and Scan found nothing wrong.
func checkStream(t testing.TB, stream []byte, limits stanza.Limits) {
	t.Helper()
	items, err := split(t, stream, limits)
	if err != nil || len(items) == 0 || items[len(items)-1].it != stanza.StreamClose {
		return
	}
	var s stanza.Scanner
	var v stanza.View
	var b strings.Builder
	for _, i := range items {
		switch i.it {
		case stanza.StreamOpen:
			h, err := stanza.ParseHeader([]byte(i.b))
			if err != nil {
				return
			}
			s.SetScope(h)
			b.Reset() // white space before a declaration is ours to forgive
		case stanza.Stanza:
			if s.Scan([]byte(i.b), &v) != nil {
				return
			}
		}
		b.WriteString(i.b)
	}
	if answer, known := ask(t, []byte(b.String())); known && answer[0] == '!' {
		t.Fatalf("we accept a stream that expat refuses: %s\n%q", answer[1:], b.String())
	}
}

// FuzzRoundTrip writes what was read and reads it again.
func FuzzRoundTrip(f *testing.F) {
	addDocuments(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		if e, err := stanza.Parse(doc); err == nil {
			checkRoundTrip(t, e)
		}
	})
}

// FuzzWriter puts any strings into a tree: what is written must be well-formed.
func FuzzWriter(f *testing.F) {
	f.Add("a", "b", "urn:x", "c<>&'\"\r\n\t")
	f.Add("", "xmlns", "http://www.w3.org/2000/xmlns/", "]]>")
	f.Add("xml:a", "xml:lang", stanza.NSXML, "\x00\uFFFF\xC0")
	f.Add("1 2", "xmlns:a", stanza.NSStream, "</a>")
	f.Add("é\u00D7", "é:ü", "\x01", "")
	f.Add("é\u0301", "\u2070a\u200D", "urn:x", "")
	f.Fuzz(func(t *testing.T, local, name, space, text string) {
		checkWritten(t, anyElement(local, name, space, text))
	})
}

// anyElement makes a tree with each string at every place it could stand.
func anyElement(local, name, space, text string) *stanza.Element {
	e := stanza.New(space, local, name, text, text, name, local, space)
	e.Attrs = append(e.Attrs,
		stanza.Attr{Space: space, Name: name, Value: text},
		stanza.Attr{Space: text, Name: name, Value: space},
		stanza.Attr{Space: text, Name: local, Value: space},
		stanza.Attr{Space: space, Name: name, Value: local})
	e.AddText(text)
	e.Add(stanza.New("", name).AddText(local), stanza.New(space, text, "xml:lang", text), stanza.New(text, name))
	return e
}

// checkWritten fails unless what is written of any tree is well-formed,
// canonical, and stays as it is when read and written again.
func checkWritten(t testing.TB, e *stanza.Element) {
	t.Helper()
	doc := inMessage(e.Append(nil, stanza.NSClient))
	var s stanza.Scanner
	var v stanza.View
	if err := s.Scan(doc, &v); err != nil {
		t.Fatalf("%v\n%q", err, doc)
	}
	if !v.Canonical {
		t.Fatalf("not canonical: %q", doc)
	}
	tree := v.Tree()
	agree(t, doc, tree)
	checkRoundTrip(t, tree)
}
