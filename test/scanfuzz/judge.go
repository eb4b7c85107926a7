package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"parley/stanza"
)

// The stream header that some documents stand behind (RFC 6120 §4.8).
const (
	streamStart = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:s='urn:s'>"
	streamEnd   = "</stream:stream>"
)

// judge scans documents and compares with what expat makes of them. It is for
// one goroutine.
type judge struct {
	scanner, inScope stanza.Scanner
	view             stanza.View
	// What was found, counted.
	accepted, refused, onPurpose int
}

func newJudge() *judge {
	j := &judge{}
	h, err := stanza.ParseHeader([]byte(streamStart))
	if err != nil {
		panic(err)
	}
	j.inScope.SetScope(h)
	return j
}

// question is a document, what expat is asked, and our answer.
type question struct {
	doc      []byte
	inStream bool   // expat is asked about it behind a stream header
	asked    []byte // what expat is given
	tree     []byte // ours, as expat has to give it; nil if we refuse
	err      error
}

// ask scans and says what to ask expat.
func (j *judge) ask(q *question) {
	s := &j.scanner
	q.asked = append(q.asked[:0], q.doc...)
	if q.inStream {
		s = &j.inScope
		q.asked = append(append(append(q.asked[:0], streamStart...), q.doc...), streamEnd...)
	}
	q.tree = q.tree[:0]
	if q.err = s.Scan(q.doc, &j.view); q.err != nil {
		return
	}
	e := j.view.Tree()
	if q.inStream {
		e = around(q.doc, e)
	}
	q.tree = appendTree(q.tree, e)
}

// around is the stream around the element, with the white space beside it.
func around(doc []byte, e *stanza.Element) *stanza.Element {
	const space = " \t\r\n"
	left := len(doc) - len(bytes.TrimLeft(doc, space))
	right := len(bytes.TrimRight(doc, space))
	return stanza.New(stanza.NSStream, "stream").
		AddText(lines(doc[:left])).Add(e).AddText(lines(doc[right:]))
}

// lines normalises line ends (XML §2.11).
func lines(b []byte) string {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return string(bytes.ReplaceAll(b, []byte("\r"), []byte("\n")))
}

// compare returns what is wrong, or nil.
func (j *judge) compare(q *question, expat []byte) error {
	says := bytes.HasPrefix(expat, []byte{2})
	switch {
	case q.err == nil && !says:
		return fmt.Errorf("we accept what expat refuses (%s)", expat[1:])
	case q.err == nil && !bytes.Equal(q.tree, expat):
		return fmt.Errorf("the trees differ\n ours %q\nexpat %q", q.tree, expat)
	case q.err == nil:
		j.accepted++
		return nil
	case !says:
		j.refused++
		return nil
	}
	if err := refusedOnPurpose(q); err != nil {
		return err
	}
	j.onPurpose++
	return nil
}

// refusedOnPurpose is the whole list of what expat accepts and we refuse.
func refusedOnPurpose(q *question) error {
	var e *stanza.StreamError
	if !errors.As(q.err, &e) {
		return fmt.Errorf("refused with no stream error: %w", q.err)
	}
	switch e.Condition {
	case stanza.StreamRestrictedXML:
		// RFC 6120 §11.1: comments, processing instructions; an XML declaration
		// has its place before a stream header, not before a stanza.
		if bytes.Contains(q.doc, []byte("<!")) || bytes.Contains(q.doc, []byte("<?")) {
			return nil
		}
	case stanza.StreamPolicyViolation:
		// No limit is set here but one: namespaces that the writer would have
		// to repeat too often.
		if bytes.Contains(q.doc, []byte("xmlns")) {
			return nil
		}
	case stanza.StreamNotWellFormed:
		// RFC 6120 §11.6: no byte order mark in a stanza, and no UTF-16. Behind a
		// header several elements, none, or text are content of the stream.
		if inOtherEncoding(q.doc) || q.inStream && !single(q.doc) {
			return nil
		}
	}
	return fmt.Errorf("we refuse what expat accepts: %w", q.err)
}

// inOtherEncoding reports whether expat would look for a byte order mark, or for
// UTF-16, at the beginning.
func inOtherEncoding(doc []byte) bool {
	return slices.ContainsFunc([]string{"\uFEFF", "\xFE\xFF", "\xFF\xFE", "<\x00", "\x00<"}, func(first string) bool {
		return bytes.HasPrefix(doc, []byte(first))
	})
}

// single reports whether the content of a stream is one element and white
// space: what the splitter hands to the scanner.
func single(doc []byte) bool {
	s := stanza.Splitter{}
	buf := append([]byte("<s>"), doc...)
	elements := 0
	for len(buf) > 0 {
		it, n, err := s.Next(buf)
		switch {
		case err != nil, it == stanza.NeedMore, it == stanza.StreamClose:
			return false
		case it == stanza.Stanza:
			elements++
		}
		buf = buf[n:]
	}
	return elements == 1
}
