package stanza

import (
	"bytes"
	"fmt"
	"sync"
)

// Limits bounds what one element may cost. 0 is no limit, but nesting is never
// deeper than 10,000: whoever walks a tree may do so recursively. What is over
// a limit is a policy-violation.
type Limits struct {
	Bytes      int // of the whole element
	Depth      int // of nesting; the element itself counts 1
	Elements   int // in all, the element itself included
	Attributes int // of one start tag, namespace declarations included
}

const maxDepth = 10_000

// noDeclaration is what is not the index of an attribute.
const noDeclaration = -1

// token is what the reader found.
type token uint8

const (
	tokenEnd   token = iota // of the document
	tokenOpen               // a start tag; reader.attrs has its attributes
	tokenClose              // an end tag, also of an empty element
	tokenText               // doc[start:end]
	tokenCDATA              // doc[start:end]
)

// element is one that is open.
type element struct {
	name     qname
	bindings int32 // how many were in force before it
	space    int32 // as in attribute
}

// reader checks a document and takes it apart, in one pass. It is the only
// place that knows XML syntax; Scan, Parse and ParseHeader only listen.
type reader struct {
	doc      []byte
	pos      int
	limits   Limits
	scope    scope
	open     []element
	attrs    []attribute
	sorted   []attribute // scratch of uniqueSorted
	arena    []byte      // values that do not stand in doc as they are meant
	elements int
	expanded int // see expand

	start, end int  // of the text token
	closedAt   int  // where the end tag read last begins
	plain      bool // the text token stands in doc as it is meant
	// The start tag read last declares the default namespace with this attribute,
	// or noDeclaration; and prefixes.
	declares       int
	declaresPrefix bool
	prefixed       bool // it has attributes with a prefix, other than xml
	empty          bool // the start tag read last was an empty-element tag
	trusted        bool // doc was scanned before, perhaps as part of a longer one
	fragment       bool // doc is content: any number of elements, and text
	done           bool // the one element has ended

	loose bool // a CDATA section or a needless reference was seen
	outer bool // a name needs a declaration made outside the payload
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// maxScratch is how many entries of scratch a pooled reader may keep.
const maxScratch = 256

// release puts the reader back, without what it refers to.
func (r *reader) release() {
	r.scope.reset()
	if max(cap(r.open), cap(r.attrs), cap(r.scope.bindings)) > maxScratch {
		return
	}
	r.doc, r.arena = nil, nil
	readers.Put(r)
}

// begin starts on a document.
func (r *reader) begin(doc []byte, limits Limits, outer []binding) error {
	r.doc, r.pos, r.limits = doc, 0, limits
	r.open, r.attrs = r.open[:0], r.attrs[:0]
	r.elements, r.expanded, r.closedAt = 0, 0, 0
	r.empty, r.trusted, r.fragment, r.done = false, false, false, false
	r.loose, r.outer = false, false
	r.scope.reset()
	for _, b := range outer {
		r.scope.push(b.prefix, b.uri, 0)
	}
	if limits.Depth == 0 {
		r.limits.Depth = maxDepth
	}
	const most = 1 << 30 // positions are 32 bits wide
	if limits.Bytes > 0 && len(doc) > limits.Bytes || len(doc) > most {
		return r.tooMuch(0, "too many bytes")
	}
	return nil
}

// depth is how many elements are open.
func (r *reader) depth() int { return len(r.open) }

// top is the innermost open element.
func (r *reader) top() *element { return &r.open[len(r.open)-1] }

// next reads one token.
func (r *reader) next() (token, error) {
	if r.empty {
		r.empty = false
		return tokenClose, nil
	}
	if len(r.open) == 0 && !r.fragment {
		r.pos = skipSpace(r.doc, r.pos)
	}
	if r.pos >= len(r.doc)-1 {
		return r.last()
	}
	if r.doc[r.pos] != '<' {
		return r.text()
	}
	switch r.doc[r.pos+1] {
	case '/':
		return tokenClose, r.endTag()
	case '?':
		return tokenEnd, r.fail(r.pos, StreamRestrictedXML, "a processing instruction")
	case '!':
		if !r.inContent() || !bytes.HasPrefix(r.doc[r.pos:], cdataStart) {
			return tokenEnd, r.fail(r.pos, StreamRestrictedXML, "a comment or declaration")
		}
		return tokenCDATA, r.cdata()
	}
	if r.done {
		return tokenEnd, r.malformed(r.pos, "a second element")
	}
	return tokenOpen, r.startTag()
}

// inContent reports whether text may stand here.
func (r *reader) inContent() bool { return len(r.open) > 0 || r.fragment }

// last reads what is left when no tag can be.
func (r *reader) last() (token, error) {
	switch {
	case r.pos < len(r.doc) && r.doc[r.pos] == '<':
		return tokenEnd, r.malformed(r.pos, "a tag does not end")
	case r.pos < len(r.doc):
		return r.text()
	case len(r.open) > 0, !r.done && !r.fragment:
		return tokenEnd, r.malformed(r.pos, "the element does not end")
	}
	return tokenEnd, nil
}

func (r *reader) text() (token, error) {
	if !r.inContent() {
		return tokenEnd, r.malformed(r.pos, "text outside the element")
	}
	err := r.content()
	r.end = r.pos
	return tokenText, err
}

// startTag reads a start tag or an empty-element tag (XML §3.1).
func (r *reader) startTag() error {
	r.elements++
	if r.limits.Elements > 0 && r.elements > r.limits.Elements {
		return r.tooMuch(r.pos, "too many elements")
	}
	if len(r.open) >= r.limits.Depth {
		return r.tooMuch(r.pos, "elements are nested too deep")
	}
	name, err := r.name(r.pos + 1)
	if err != nil {
		return err
	}
	r.open = append(r.open, element{name: name, bindings: int32(len(r.scope.bindings)), space: noSpace})
	if err := r.attributes(int(name.end)); err != nil {
		return err
	}
	if r.declares != noDeclaration || r.declaresPrefix {
		if err := r.declarations(); err != nil {
			return err
		}
	}
	if r.prefixed {
		if err := r.resolveAttributes(); err != nil {
			return err
		}
	}
	if len(r.attrs) > 1 {
		if err := r.unique(); err != nil {
			return err
		}
	}
	return r.resolveElement()
}

// endTag reads an end tag, which must match (XML §3, [WFC: Element Type Match]).
func (r *reader) endTag() error {
	if len(r.open) == 0 {
		return r.malformed(r.pos, "an end tag without a start tag")
	}
	want := r.top().name.raw(r.doc)
	at := r.pos + 2
	if !bytes.HasPrefix(r.doc[at:], want) {
		return r.malformed(r.pos, "an end tag does not match its start tag")
	}
	at += len(want)
	if at < len(r.doc) && r.doc[at] != '>' {
		at = skipSpace(r.doc, at)
	}
	if at == len(r.doc) || r.doc[at] != '>' {
		return r.malformed(r.pos, "an end tag does not match its start tag")
	}
	r.closedAt, r.pos = r.pos, at+1
	return nil
}

// leave closes the innermost element. Whoever takes a tokenClose calls it, and
// until then sees the element with top.
func (r *reader) leave() {
	r.scope.pop(int(r.top().bindings))
	r.open = r.open[:len(r.open)-1]
	r.done = len(r.open) == 0 && !r.fragment
}

// resolveElement finds the namespace of the element just opened.
func (r *reader) resolveElement() error {
	e := r.top()
	if e.name.colon != 0 {
		var err error
		if e.space, err = r.resolve(e.name); err != nil {
			return err
		}
		return r.expand(e.space, true)
	}
	e.space = r.scope.current
	if len(r.open) > 1 && !r.outer {
		r.outer = e.space < 0 || r.scope.bindings[e.space].depth <= 1 && string(r.space(e.space)) != NSClient
	}
	return r.expand(e.space, true)
}

// resolve returns the declaration of a name's prefix (Namespaces in XML §5).
func (r *reader) resolve(name qname) (int32, error) {
	prefix := name.prefix(r.doc)
	if string(prefix) == "xml" {
		return inXML, nil
	}
	i := r.scope.lookup(prefix)
	if i < 0 {
		return noSpace, r.malformed(int(name.start), "a prefix that is not declared")
	}
	if len(r.open) > 1 && r.scope.bindings[i].depth <= 1 {
		r.outer = true
	}
	return i, nil
}

// space returns the namespace that an attribute or element was resolved to.
func (r *reader) space(i int32) []byte {
	switch i {
	case noSpace:
		return nil
	case inXML:
		return xmlSpace
	case inXMLNS:
		return xmlnsSpace
	}
	return r.scope.bindings[i].uri
}

// expand bounds what the writer would make of the document: it may have to
// declare anew, on many elements, a long namespace that stands here only once.
func (r *reader) expand(space int32, ofElement bool) error {
	d := len(r.open)
	if space < 0 || int(r.scope.bindings[space].depth) == d { // declared here, or nowhere
		return nil
	}
	if ofElement && d > 1 {
		if above := r.open[d-2].space; above == space || string(r.space(above)) == string(r.space(space)) {
			return nil // inherited
		}
	}
	const fair, free = 8, 4096
	r.expanded += len(r.space(space))
	if r.expanded > fair*len(r.doc)+free && !r.trusted {
		return r.tooMuch(r.pos, "namespaces are repeated too often")
	}
	return nil
}

func (r *reader) malformed(at int, what string) error { return r.fail(at, StreamNotWellFormed, what) }

func (r *reader) tooMuch(at int, what string) error { return r.fail(at, StreamPolicyViolation, what) }

func (r *reader) fail(at int, c StreamCondition, what string) error {
	return &StreamError{Condition: c, Text: what, Err: fmt.Errorf("at byte %d", at)}
}
