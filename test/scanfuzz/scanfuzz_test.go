package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"parley/stanza"
)

// corpusDirs is where the corpus is, from here.
const corpusDirs = "../../stanza/testdata/nasty,../../stanza/testdata/strange"

// TestAgainstExpat is the short form of the campaign.
func TestAgainstExpat(t *testing.T) {
	t.Parallel()
	got := short(t, 20_000, false)
	if got.accepted < 5_000 || got.refused < 5_000 || got.onPurpose == 0 {
		t.Errorf("the documents are not of all kinds: %s", got)
	}
}

// TestInside is the short form of the campaign without expat.
func TestInside(t *testing.T) {
	t.Parallel()
	got := short(t, 500, true)
	if got.accepted < 100 || got.cuts < 50_000 {
		t.Errorf("the documents are not of all kinds: %s", got)
	}
}

func short(t *testing.T, docs int64, inside bool) totals {
	t.Helper()
	c := campaign{docs: docs}
	var err error
	if c.corpus, err = loadCorpus(strings.Split(corpusDirs, ",")); err != nil {
		t.Fatal(err)
	}
	got, err := c.work(2, 1, inside)
	if err != nil {
		t.Fatal(err)
	}
	if got.differences > 0 {
		t.Errorf("%s", got)
	}
	return got
}

// TestOracle: what expat says of documents that show each kind of token.
func TestOracle(t *testing.T) {
	t.Parallel()
	o, err := startOracle()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.stop)
	docs := [][]byte{
		[]byte(`<a>`), []byte(`<!DOCTYPE a><a/>`), []byte(`<p:a xmlns:p='u' b='1' p:c='&#9;'>x<b/>y&amp;z</p:a>`), nil,
	}
	want := []string{
		"!no element found: line 1, column 3", "!a document type declaration",
		"\x02u\fa\x00b\x001\x00u\fc\x00\t\x00x\x00\x02b\x00\x01\x00y&z\x00\x01", "!no element found: line 1, column 0",
	}
	if err := o.send(docs); err != nil {
		t.Fatal(err)
	}
	got, err := o.receive(len(docs))
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if string(got[i]) != want[i] {
			t.Errorf("%s: got %q, want %q", docs[i], got[i], want[i])
		}
	}
}

// TestJudge: every kind of difference is noticed, and what is refused on
// purpose is none.
func TestJudge(t *testing.T) {
	t.Parallel()
	restricted := &stanza.StreamError{Condition: stanza.StreamRestrictedXML}
	malformed := &stanza.StreamError{Condition: stanza.StreamNotWellFormed}
	policy := &stanza.StreamError{Condition: stanza.StreamPolicyViolation}
	const tree = "\x02a\x00\x01"
	cases := map[string]struct {
		doc      string
		inStream bool
		err      error
		expat    string
		differs  bool
	}{
		"same":                         {"<a/>", false, nil, tree, false},
		"expat refuses":                {"<a/>", false, nil, "!no", true},
		"another tree":                 {"<a/>", false, nil, "\x02b\x00\x01", true},
		"both refuse":                  {"<a", false, malformed, "!no", false},
		"we refuse":                    {"<a/>", false, malformed, tree, true},
		"comment":                      {"<a><!----></a>", false, restricted, tree, false},
		"restricted for nothing":       {"<a/>", false, restricted, tree, true},
		"malformed beside a comment":   {"<a><!----></a>", false, malformed, tree, true},
		"namespaces":                   {"<a xmlns=''/>", false, policy, tree, false},
		"no namespaces":                {"<a/>", false, policy, tree, true},
		"byte order mark":              {"\uFEFF<a/>", false, malformed, tree, false},
		"UTF-16":                       {"<\x00a\x00/\x00>\x00", false, malformed, tree, false},
		"two elements in the stream":   {"<a/><a/>", true, malformed, tree, false},
		"two elements alone":           {"<a/><a/>", false, malformed, tree, true},
		"one element in the stream":    {"<a/>", true, malformed, tree, true},
		"nothing of the stream at all": {" ", true, malformed, tree, false},
		"no stream error":              {"<a/>", false, errors.New("x"), tree, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := &question{doc: []byte(c.doc), inStream: c.inStream, err: c.err, tree: []byte(tree)}
			if err := newJudge().compare(q, []byte(c.expat)); (err != nil) != c.differs {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestAsk: what expat is asked, and the tree it has to give.
func TestAsk(t *testing.T) {
	t.Parallel()
	j := newJudge()
	q := &question{doc: []byte("\r\n<s:a b='1'/> "), inStream: true}
	j.ask(q)
	if want := streamStart + "\r\n<s:a b='1'/> " + streamEnd; q.err != nil || string(q.asked) != want {
		t.Errorf("asked %q, %v", q.asked, q.err)
	}
	want := "\x02http://etherx.jabber.org/streams\fstream\x00\n\x00\x02urn:s\fa\x00b\x001\x00\x01\x00 \x00\x01"
	if string(q.tree) != want {
		t.Errorf("got %q, want %q", q.tree, want)
	}
}

// TestSameSeedSameDocuments: a run can be done again.
func TestSameSeedSameDocuments(t *testing.T) {
	t.Parallel()
	made := func(seed uint64) []byte {
		w := (&campaign{corpus: [][]byte{[]byte("<a/>")}}).worker(seed, 0)
		var all []byte
		for range 1000 {
			all = w.make(all)
		}
		return all
	}
	if !bytes.Equal(made(1), made(1)) {
		t.Error("other documents from the same seed")
	}
	if bytes.Equal(made(1), made(2)) {
		t.Error("the same documents from another seed")
	}
}
