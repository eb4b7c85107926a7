package stanza

// Parse reads exactly one element, as strictly as Scan. The default namespace
// is jabber:client unless doc declares another. The error is a *StreamError.
func Parse(doc []byte) (*Element, error) { return parse(doc, clientScope, false) }

// ParseIn is Parse where the declarations of a stream header are in force.
func ParseIn(doc []byte, h *Header) (*Element, error) {
	if h == nil {
		return Parse(doc)
	}
	return parse(doc, h.bindings, false)
}

func parse(doc []byte, outer []binding, trusted bool) (*Element, error) {
	r := readers.Get().(*reader)
	defer r.release()
	r.arena = nil
	if err := r.begin(doc, Limits{}, outer); err != nil {
		return nil, err
	}
	r.trusted = trusted
	b := builder{reader: r}
	for {
		t, err := r.next()
		if err != nil {
			return nil, err
		}
		switch t {
		case tokenEnd:
			return b.root, nil
		case tokenOpen:
			b.flush()
			b.open()
		case tokenText, tokenCDATA:
			b.text(t == tokenCDATA)
		case tokenClose:
			b.flush()
			b.path = b.path[:len(b.path)-1]
			r.leave()
		}
	}
}

// builder makes a tree of what a reader reads.
type builder struct {
	*reader
	root          *Element
	path          []*Element // the open elements
	piece, pieces []byte     // the text before the next tag: one of them
	scratch       []byte
}

func (b *builder) open() {
	top := b.top()
	e := &Element{Local: name(top.name.local(b.doc))}
	if n := len(b.path); n > 0 {
		e.Space = inherit(b.space(top.space), b.path[n-1].Space)
		b.path[n-1].Nodes = append(b.path[n-1].Nodes, Node{Element: e})
	} else {
		e.Space = name(b.space(top.space))
		b.root = e
	}
	b.attributes(e)
	b.path = append(b.path, e)
}

func (b *builder) attributes(e *Element) {
	declared := 0
	for i := range b.attrs {
		if b.attrs[i].isDeclaration(b.doc) {
			declared++
		}
	}
	if declared == len(b.attrs) {
		return
	}
	e.Attrs = make([]Attr, 0, len(b.attrs)-declared)
	for i := range b.attrs {
		a := &b.attrs[i]
		if a.isDeclaration(b.doc) {
			continue
		}
		e.Attrs = append(e.Attrs, Attr{
			Space: name(b.space(a.space)),
			Name:  name(a.name.local(b.doc)),
			Value: b.value(a),
		})
	}
}

// text keeps a piece of text until the next tag. What stands in the document
// as it is meant is not copied unless another piece follows.
func (b *builder) text(cdata bool) {
	raw := b.doc[b.start:b.end]
	if len(b.path) == 0 || len(raw) == 0 {
		return
	}
	if b.plain && len(b.pieces) == 0 && len(b.piece) == 0 {
		b.piece = raw
		return
	}
	b.pieces = append(b.pieces, b.piece...)
	b.piece = nil
	switch {
	case b.plain:
		b.pieces = append(b.pieces, raw...)
	case cdata:
		b.pieces = newlines(b.pieces, raw)
	default:
		b.pieces = unescape(b.pieces, raw, false)
	}
}

// flush puts the text before a tag into the tree.
func (b *builder) flush() {
	if len(b.pieces) > 0 {
		b.piece = b.pieces
	}
	if len(b.piece) == 0 {
		return
	}
	in := b.path[len(b.path)-1]
	in.Nodes = append(in.Nodes, Node{Text: string(b.piece)})
	b.piece, b.pieces = nil, b.pieces[:0]
}

func (b *builder) value(a *attribute) string {
	if a.plain {
		return string(a.raw(b.doc))
	}
	b.scratch = unescape(b.scratch[:0], a.raw(b.doc), true)
	return string(b.scratch)
}

// inherit returns the namespace as a string, without a copy if the parent has
// the same.
func inherit(space []byte, parent string) string {
	if string(space) == parent {
		return parent
	}
	return name(space)
}

// name returns a name as a string, without a copy if it is a frequent one.
func name(b []byte) string {
	if s, ok := frequent[string(b)]; ok {
		return s
	}
	return string(b)
}

var frequent = func() map[string]string {
	names := map[string]string{}
	for _, s := range []string{
		NSClient, NSStream, NSStanzaErrors, NSFraming, NSSASL, NSBind, NSSession, NSXML,
		"message", "presence", "iq", "body", "query", "item", "x", "error", "text", "status", "show",
		"id", "to", "from", "type", "lang", "jid", "name", "node", "var", "value", "field",
	} {
		names[s] = s
	}
	return names
}()
