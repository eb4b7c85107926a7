package stanza

// Parse reads exactly one element, as strictly as Scan. The default namespace
// is jabber:client unless doc declares another. The error is a *StreamError.
func Parse(doc []byte) (*Element, error) { return parse(doc, clientScope) }

// ParseIn is Parse where the declarations of a stream header are in force.
func ParseIn(doc []byte, h *Header) (*Element, error) {
	if h == nil {
		return Parse(doc)
	}
	return parse(doc, h.bindings)
}

func parse(doc []byte, outer []binding) (*Element, error) {
	r := readers.Get().(*reader)
	defer r.release()
	r.arena = nil
	if err := r.begin(doc, Limits{}, outer); err != nil {
		return nil, err
	}
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
			b.open()
		case tokenText, tokenCDATA:
			b.text(t == tokenCDATA)
		case tokenClose:
			b.path = b.path[:len(b.path)-1]
			r.leave()
		}
	}
}

// builder makes a tree of what a reader reads.
type builder struct {
	*reader
	root    *Element
	path    []*Element // the open elements
	scratch []byte
}

func (b *builder) open() {
	top := b.top()
	e := &Element{Local: name(top.name.local(b.doc))}
	if n := len(b.path); n > 0 {
		e.Space = inherit(top.space, b.path[n-1].Space)
		b.path[n-1].Nodes = append(b.path[n-1].Nodes, Node{Element: e})
	} else {
		e.Space = name(top.space)
		b.root = e
	}
	b.attributes(e)
	b.path = append(b.path, e)
}

func (b *builder) attributes(e *Element) {
	declared := 0
	for i := range b.attrs {
		if isDeclaration(&b.attrs[i], b.doc) {
			declared++
		}
	}
	if declared == len(b.attrs) {
		return
	}
	e.Attrs = make([]Attr, 0, len(b.attrs)-declared)
	for i := range b.attrs {
		a := &b.attrs[i]
		if isDeclaration(a, b.doc) {
			continue
		}
		e.Attrs = append(e.Attrs, Attr{
			Space: name(a.space),
			Name:  name(a.name.local(b.doc)),
			Value: b.value(a),
		})
	}
}

// isDeclaration reports whether a resolved attribute declares a namespace.
func isDeclaration(a *attribute, doc []byte) bool {
	if a.space == nil {
		return string(a.name.raw(doc)) == "xmlns"
	}
	return a.name.colon != 0 && string(a.name.prefix(doc)) == "xmlns"
}

func (b *builder) text(cdata bool) {
	if len(b.path) == 0 || b.start == b.end {
		return
	}
	raw := b.doc[b.start:b.end]
	in := b.path[len(b.path)-1]
	switch {
	case b.plain:
		in.AddText(string(raw))
	case cdata:
		b.scratch = newlines(b.scratch[:0], raw)
		in.AddText(string(b.scratch))
	default:
		b.scratch = unescape(b.scratch[:0], raw, false)
		in.AddText(string(b.scratch))
	}
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
