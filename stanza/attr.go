package stanza

import (
	"bytes"
	"slices"
)

// attribute is an attribute of the start tag read last. It has no pointers, so
// that it is cheap to write.
type attribute struct {
	name       qname
	start, end int32 // the value in the document, without its quotes
	space      int32 // index of a binding, or noSpace, inXML, inXMLNS
	plain      bool  // the value stands there as it is meant
}

// What is not the index of a binding.
const (
	noSpace int32 = -1 - iota
	inXML
	inXMLNS
)

func (a *attribute) raw(doc []byte) []byte { return doc[a.start:a.end] }

// attributes reads the attributes of a start tag, from i up to its end.
func (r *reader) attributes(i int) error {
	r.attrs = r.attrs[:0]
	r.declares, r.declaresPrefix, r.prefixed = noDeclaration, false, false
	doc := r.doc
	for {
		before := i
		if i+1 < len(doc) && doc[i] == ' ' && doc[i+1] > ' ' {
			i++ // the usual white space
		} else {
			i = skipSpace(doc, i)
		}
		if i == len(doc) {
			return r.malformed(i, "a start tag does not end")
		}
		switch doc[i] {
		case '>':
			r.pos = i + 1
			return nil
		case '/':
			if i+1 == len(doc) || doc[i+1] != '>' {
				return r.malformed(i, "'>' is expected after '/'")
			}
			r.pos, r.empty = i+2, true
			return nil
		}
		if i == before {
			return r.malformed(i, "white space is expected before an attribute")
		}
		var err error
		if i, err = r.attribute(i); err != nil {
			return err
		}
	}
}

// attribute reads one attribute (XML §3.1, production 41) and returns where it
// ends, as all that follow do.
func (r *reader) attribute(i int) (int, error) {
	if r.limits.Attributes > 0 && len(r.attrs) >= r.limits.Attributes {
		return i, r.tooMuch(i, "too many attributes")
	}
	var name qname
	var start int
	var err error
	if end := usualName(r.doc, i); end > 0 {
		name, start = qname{start: int32(i), end: int32(end)}, end+2
	} else {
		if name, err = r.name(i); err != nil {
			return i, err
		}
		if start, err = r.equals(int(name.end)); err != nil {
			return i, err
		}
	}
	end, plain := skipPlain(r.doc, start, r.doc[start-1]), true
	if end == len(r.doc) || r.doc[end] != r.doc[start-1] {
		if end, plain, err = r.value(end, r.doc[start-1]); err != nil {
			return i, err
		}
	}
	r.attrs = append(r.attrs, attribute{}) // and then field by field: much faster
	a := &r.attrs[len(r.attrs)-1]
	a.name, a.space, a.plain = name, noSpace, plain
	a.start, a.end = int32(start), int32(end)
	if name.colon != 0 || r.doc[name.start] == 'x' {
		r.classify(a)
	}
	return end + 1, nil
}

// usualName returns where the name of an attribute ends that is written as
// nearly all are: ASCII without a prefix, and = and a quote right behind it. 0 if
// it is not.
func usualName(doc []byte, i int) int {
	end := asciiName(doc, i)
	if end > i && end+1 < len(doc) && doc[end] == '=' && (doc[end+1] == '\'' || doc[end+1] == '"') {
		return end
	}
	return 0
}

// classify notes what is still to be done about an attribute.
func (r *reader) classify(a *attribute) {
	prefix := a.name.prefix(r.doc)
	switch {
	case string(prefix) == "xmlns":
		a.space, r.declaresPrefix = inXMLNS, true
	case string(prefix) == "xml":
		a.space = inXML
	case prefix != nil:
		r.prefixed = true
	case string(a.name.raw(r.doc)) == "xmlns":
		r.declares = len(r.attrs) - 1
	}
}

// equals goes over = and the opening quote.
func (r *reader) equals(i int) (int, error) {
	i = skipSpace(r.doc, i)
	if i == len(r.doc) || r.doc[i] != '=' {
		return i, r.malformed(i, "'=' is expected after an attribute name")
	}
	i = skipSpace(r.doc, i+1)
	if i == len(r.doc) || r.doc[i] != '\'' && r.doc[i] != '"' {
		return i, r.malformed(i, "a quote is expected before an attribute value")
	}
	return i + 1, nil
}

// value reads an attribute value up to its closing quote (XML §2.3, production
// 10). It is plain if it needs no normalisation (XML §3.3.3).
func (r *reader) value(i int, quote byte) (end int, plain bool, err error) {
	plain = true
	for {
		i = skipPlain(r.doc, i, quote)
		if i == len(r.doc) {
			return i, false, r.malformed(i, "an attribute value does not end")
		}
		switch c := r.doc[i]; {
		case c == quote:
			return i, plain, nil
		case c == '<':
			return i, false, r.malformed(i, "'<' in an attribute value")
		case c >= 0x80:
			i, err = r.chars(i)
		default:
			plain = false
			i, err = r.special(i)
		}
		if err != nil {
			return i, false, err
		}
	}
}

// isDeclaration reports whether an attribute declares a namespace.
func (a *attribute) isDeclaration(doc []byte) bool {
	return a.space == inXMLNS || a.space == noSpace && string(a.name.raw(doc)) == "xmlns"
}

// declarations puts the namespace declarations of the start tag in force.
func (r *reader) declarations() error {
	if !r.declaresPrefix {
		a := &r.attrs[r.declares]
		if wrong := r.scope.declare(nil, r.valueOf(a), r.depth()); wrong != "" {
			return r.malformed(int(a.start), wrong)
		}
		return nil
	}
	for i := range r.attrs {
		a := &r.attrs[i]
		if !a.isDeclaration(r.doc) {
			continue
		}
		var prefix []byte
		if a.space == inXMLNS {
			prefix = a.name.local(r.doc)
		}
		if wrong := r.scope.declare(prefix, r.valueOf(a), r.depth()); wrong != "" {
			return r.malformed(int(a.start), wrong)
		}
	}
	return nil
}

// valueOf returns the value of an attribute, normalised (XML §3.3.3).
func (r *reader) valueOf(a *attribute) []byte {
	raw := a.raw(r.doc)
	if a.plain {
		return raw
	}
	start := len(r.arena)
	r.arena = unescape(r.arena, raw, true)
	return r.arena[start:len(r.arena):len(r.arena)]
}

// resolveAttributes finds the namespaces of the attributes that have a prefix.
// One without is in no namespace (Namespaces in XML §6.2).
func (r *reader) resolveAttributes() error {
	for i := range r.attrs {
		a := &r.attrs[i]
		if a.name.colon == 0 || a.space != noSpace {
			continue
		}
		var err error
		if a.space, err = r.resolve(a.name); err != nil {
			return err
		}
		if err := r.expand(a.space, false); err != nil {
			return err
		}
	}
	return nil
}

// unique fails if an attribute occurs twice, by its expanded name (Namespaces
// in XML §6.3). The same raw name always has the same expanded one.
func (r *reader) unique() error {
	if len(r.attrs) > linearLimit {
		return r.uniqueSorted()
	}
	for i := 1; i < len(r.attrs); i++ {
		a := &r.attrs[i]
		for j := range i {
			b := &r.attrs[j]
			// Two plain names of different length are different: the usual case.
			if !r.prefixed && a.name.end-a.name.start != b.name.end-b.name.start {
				continue
			}
			if r.sameName(a, b) {
				return r.malformed(int(a.name.start), "an attribute occurs twice")
			}
		}
	}
	return nil
}

func (r *reader) sameName(a, b *attribute) bool {
	return string(a.name.local(r.doc)) == string(b.name.local(r.doc)) &&
		string(r.space(a.space)) == string(r.space(b.space))
}

// uniqueSorted is unique for long lists: it does not compare each with each.
func (r *reader) uniqueSorted() error {
	r.sorted = append(r.sorted[:0], r.attrs...)
	slices.SortFunc(r.sorted, func(a, b attribute) int {
		if c := bytes.Compare(a.name.local(r.doc), b.name.local(r.doc)); c != 0 {
			return c
		}
		return bytes.Compare(r.space(a.space), r.space(b.space))
	})
	for i := 1; i < len(r.sorted); i++ {
		if r.sameName(&r.sorted[i-1], &r.sorted[i]) {
			return r.malformed(int(r.sorted[i].name.start), "an attribute occurs twice")
		}
	}
	return nil
}
