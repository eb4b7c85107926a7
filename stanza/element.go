package stanza

import (
	"iter"
	"strings"
)

// Element is an XML element as a tree, its namespaces resolved. The zero value
// of every field is fine. A tree is made and changed by one goroutine; reading
// it is safe for many.
type Element struct {
	Space, Local string
	Attrs        []Attr // without namespace declarations
	Nodes        []Node
}

// Attr is an attribute. Space is empty for a plain one and NSXML for xml:lang.
type Attr struct{ Space, Name, Value string }

// Node is a child of an element: an element or else text.
type Node struct {
	Element *Element
	Text    string
}

// New returns an element with the attributes given as pairs of name and value.
// It panics if a value is missing. The name xml:lang is understood.
func New(space, local string, attrs ...string) *Element {
	if len(attrs)%2 != 0 {
		panic("stanza: an attribute without a value")
	}
	e := &Element{Space: space, Local: local}
	for i := 0; i < len(attrs); i += 2 {
		e.Set(attrs[i], attrs[i+1])
	}
	return e
}

// attrName splits the name that a caller gives to an attribute.
func attrName(name string) (space, local string) {
	if local, ok := strings.CutPrefix(name, "xml:"); ok {
		return NSXML, local
	}
	return "", name
}

func (e *Element) attr(name string) *Attr {
	if e == nil {
		return nil
	}
	space, local := attrName(name)
	for i := range e.Attrs {
		if a := &e.Attrs[i]; a.Name == local && a.Space == space {
			return a
		}
	}
	return nil
}

// Set gives an attribute its value, and returns the element.
func (e *Element) Set(name, value string) *Element {
	if a := e.attr(name); a != nil {
		a.Value = value
		return e
	}
	space, local := attrName(name)
	e.Attrs = append(e.Attrs, Attr{Space: space, Name: local, Value: value})
	return e
}

// Attr returns the value of a plain attribute, or of xml:lang. It is empty if
// the attribute is absent or e is nil.
func (e *Element) Attr(name string) string {
	value, _ := e.Lookup(name)
	return value
}

// Lookup is Attr, and reports whether the attribute is present.
func (e *Element) Lookup(name string) (string, bool) {
	a := e.attr(name)
	if a == nil {
		return "", false
	}
	return a.Value, true
}

// Add appends child elements, leaving out nil, and returns the element.
func (e *Element) Add(children ...*Element) *Element {
	for _, c := range children {
		if c != nil {
			e.Nodes = append(e.Nodes, Node{Element: c})
		}
	}
	return e
}

// AddText appends text, and returns the element.
func (e *Element) AddText(s string) *Element {
	switch last := len(e.Nodes) - 1; {
	case s == "":
	case last >= 0 && e.Nodes[last].Element == nil:
		e.Nodes[last].Text += s
	default:
		e.Nodes = append(e.Nodes, Node{Text: s})
	}
	return e
}

// Elements yields the child elements. A nil element has none.
func (e *Element) Elements() iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		if e == nil {
			return
		}
		for _, n := range e.Nodes {
			if n.Element != nil && !yield(n.Element) {
				return
			}
		}
	}
}

// First returns the first child element, or nil.
func (e *Element) First() *Element {
	for c := range e.Elements() {
		return c
	}
	return nil
}

// Child returns the first child element of this name, or nil.
func (e *Element) Child(space, local string) *Element {
	for c := range e.Elements() {
		if c.Is(space, local) {
			return c
		}
	}
	return nil
}

// Text returns the text directly in the element. A nil element has none.
func (e *Element) Text() string {
	if e == nil {
		return ""
	}
	if len(e.Nodes) == 1 {
		return e.Nodes[0].Text
	}
	var b strings.Builder
	for _, n := range e.Nodes {
		b.WriteString(n.Text)
	}
	return b.String()
}

// Is reports whether the element has this expanded name. Nil has no name.
func (e *Element) Is(space, local string) bool {
	return e != nil && e.Local == local && e.Space == space
}
