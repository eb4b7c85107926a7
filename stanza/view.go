package stanza

import "slices"

// View is an element as Scan found it: names, addresses and children as ranges
// of the scanned bytes, of which nothing is copied. It is valid as long as
// those bytes are and until it is given to Scan again, which reuses its slices.
type View struct {
	// Raw is the whole element, without the white space around it.
	Raw  []byte
	Kind Kind
	// Space and Local are the resolved name of the element.
	Space, Local []byte
	// The common attributes (RFC 6120 §8.1), references resolved and white
	// space normalised. Nil if absent; empty but not nil if present and empty.
	To, From, ID, Type, Lang []byte
	// Children are the child elements, in order.
	Children []Child
	// Payload is all between the start tag and the end tag, text included.
	Payload []byte
	// Canonical says that Payload may stand as it is inside any start tag that
	// declares xmlns='jabber:client' and nothing else: it needs no declaration
	// from outside and has nothing in it that parsers could read differently.
	Canonical bool

	header *Header
	arena  []byte // holds the values that do not stand in Raw as they are meant
}

// Child is a child element. Payload[Start:End] is the whole of it.
type Child struct {
	Space, Local []byte
	Start, End   int
}

// Is reports whether the child has this expanded name.
func (c *Child) Is(space, local string) bool {
	return string(c.Local) == local && string(c.Space) == space
}

func (v *View) reset(h *Header) {
	*v = View{Children: v.Children[:0], header: h, arena: v.arena[:0]}
}

// start takes what the view tells from the start tag just read.
func (v *View) start(r *reader) {
	e := r.top()
	v.Space, v.Local = r.space(e.space), e.name.local(r.doc)
	v.Kind = kindOf(v.Space, v.Local)
	for i := range r.attrs {
		a := &r.attrs[i]
		if field := v.field(a, r.doc); field != nil {
			*field = r.valueOf(a)
		}
	}
}

// field returns where the value of an attribute belongs, or nil.
func (v *View) field(a *attribute, doc []byte) *[]byte {
	name := a.name.local(doc)
	if a.space != noSpace {
		if a.space == inXML && string(name) == "lang" {
			return &v.Lang
		}
		return nil
	}
	switch string(name) {
	case "to":
		return &v.To
	case "from":
		return &v.From
	case "id":
		return &v.ID
	case "type":
		return &v.Type
	}
	return nil
}

// Child returns the first child with this expanded name, or nil.
func (v *View) Child(space, local string) *Child {
	i := slices.IndexFunc(v.Children, func(c Child) bool { return c.Is(space, local) })
	if i < 0 {
		return nil
	}
	return &v.Children[i]
}

// Tree returns the whole element as a tree, which shares nothing with the view.
func (v *View) Tree() *Element {
	e, err := parse(v.Raw, v.header.declared(), true)
	if err != nil {
		panic("stanza: a view of what was not scanned: " + err.Error())
	}
	return e
}

// AppendPayload appends the payload in its canonical form: as it is if it is
// Canonical, else rebuilt by the writer.
func (v *View) AppendPayload(dst []byte) []byte {
	if v.Canonical {
		return append(dst, v.Payload...)
	}
	return v.Tree().AppendContent(dst, NSClient)
}
