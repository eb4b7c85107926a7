package stanza

import (
	"bytes"
	"cmp"
	"slices"
)

// attribute is an attribute of the start tag read last.
type attribute struct {
	name       qname
	start, end int32  // the value in the document, without its quotes
	plain      bool   // the value stands there as it is meant
	space      []byte // resolved by resolveAttributes
}

func (a *attribute) raw(doc []byte) []byte { return doc[a.start:a.end] }

// attributes reads the attributes of a start tag up to its end.
func (r *reader) attributes() error {
	r.attrs = r.attrs[:0]
	for {
		before := r.pos
		r.pos = skipSpace(r.doc, r.pos)
		if r.pos == len(r.doc) {
			return r.malformed("a start tag does not end")
		}
		switch r.doc[r.pos] {
		case '>':
			r.pos++
			return nil
		case '/':
			if r.pos+1 >= len(r.doc) || r.doc[r.pos+1] != '>' {
				return r.malformed("'>' is expected after '/'")
			}
			r.pos += 2
			r.empty = true
			return nil
		}
		if r.pos == before {
			return r.malformed("white space is expected before an attribute")
		}
		if err := r.attribute(); err != nil {
			return err
		}
	}
}

// attribute reads one attribute (XML §3.1, production 41).
func (r *reader) attribute() error {
	if r.limits.Attributes > 0 && len(r.attrs) >= r.limits.Attributes {
		return r.tooMuch("too many attributes")
	}
	name, err := r.name()
	if err != nil {
		return err
	}
	i := skipSpace(r.doc, r.pos)
	if i == len(r.doc) || r.doc[i] != '=' {
		r.pos = i
		return r.malformed("'=' is expected after an attribute name")
	}
	i = skipSpace(r.doc, i+1)
	if i == len(r.doc) || r.doc[i] != '\'' && r.doc[i] != '"' {
		r.pos = i
		return r.malformed("a quote is expected before an attribute value")
	}
	r.pos = i + 1
	plain, err := r.value(r.doc[i])
	if err != nil {
		return err
	}
	r.attrs = append(r.attrs, attribute{name: name, start: int32(i + 1), end: int32(r.pos - 1), plain: plain})
	return nil
}

// value reads an attribute value up to and with its closing quote (XML §2.3,
// production 10). It is plain if it needs no normalisation (XML §3.3.3).
func (r *reader) value(quote byte) (plain bool, err error) {
	plain = true
	for i := r.pos; ; {
		i = skipPlain(r.doc, i, quote)
		if i == len(r.doc) {
			r.pos = i
			return false, r.malformed("an attribute value does not end")
		}
		c := r.doc[i]
		r.pos = i
		switch {
		case c == quote:
			r.pos++
			return plain, nil
		case c == '<':
			return false, r.malformed("'<' in an attribute value")
		case c >= 0x80:
			if i, err = r.chars(i); err != nil {
				return false, err
			}
		default:
			plain = false
			if i, err = r.special(i); err != nil {
				return false, err
			}
		}
	}
}

// declarations puts the namespace declarations of the start tag in force.
func (r *reader) declarations() error {
	for i := range r.attrs {
		a := &r.attrs[i]
		prefix := a.name.prefix(r.doc)
		switch {
		case string(prefix) == "xmlns":
			prefix = a.name.local(r.doc)
		case prefix == nil && string(a.name.raw(r.doc)) == "xmlns":
		default:
			continue
		}
		if wrong := r.scope.declare(prefix, r.text(a), r.depth()); wrong != "" {
			return r.malformed(wrong)
		}
	}
	return nil
}

// text returns the value of an attribute, normalised (XML §3.3.3).
func (r *reader) text(a *attribute) []byte {
	raw := a.raw(r.doc)
	if a.plain {
		return raw
	}
	start := len(r.arena)
	r.arena = unescape(r.arena, raw, true)
	return r.arena[start:len(r.arena):len(r.arena)]
}

// resolveAttributes finds the namespaces of the attributes. A plain name is in
// none (Namespaces in XML §6.2).
func (r *reader) resolveAttributes() error {
	prefixed := false
	for i := range r.attrs {
		a := &r.attrs[i]
		prefix := a.name.prefix(r.doc)
		switch {
		case prefix == nil:
		case string(prefix) == "xmlns":
			a.space = xmlnsSpace
		default:
			b, err := r.resolve(prefix, a.name.start)
			if err != nil {
				return err
			}
			if err := r.expand(b, false); err != nil {
				return err
			}
			a.space, prefixed = b.uri, true
		}
	}
	return r.unique(prefixed)
}

// unique fails if an attribute occurs twice, by its expanded name (Namespaces
// in XML §6.3). The same raw name always has the same expanded one.
func (r *reader) unique(prefixed bool) error {
	switch n := len(r.attrs); {
	case n < 2:
		return nil
	case n > linearLimit:
		return r.uniqueSorted()
	}
	for i := 1; i < len(r.attrs); i++ {
		a := r.attrs[i].name
		for j := range i {
			b := r.attrs[j].name
			// Two plain names of different length are different: the usual case.
			if !prefixed && a.end-a.start != b.end-b.start {
				continue
			}
			if r.sameName(&r.attrs[i], &r.attrs[j]) {
				return r.malformed("an attribute occurs twice")
			}
		}
	}
	return nil
}

func (r *reader) sameName(a, b *attribute) bool {
	return string(a.name.local(r.doc)) == string(b.name.local(r.doc)) && string(a.space) == string(b.space)
}

// uniqueSorted is unique for long lists: it does not compare each with each.
func (r *reader) uniqueSorted() error {
	r.sorted = append(r.sorted[:0], r.attrs...)
	slices.SortFunc(r.sorted, func(a, b attribute) int {
		return cmp.Or(
			bytes.Compare(a.name.local(r.doc), b.name.local(r.doc)),
			bytes.Compare(a.space, b.space),
		)
	})
	for i := 1; i < len(r.sorted); i++ {
		if r.sameName(&r.sorted[i-1], &r.sorted[i]) {
			return r.malformed("an attribute occurs twice")
		}
	}
	return nil
}
