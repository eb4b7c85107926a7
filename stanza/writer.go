package stanza

import "strconv"

// AppendStart appends the start tag of a stanza, with the attributes that are
// not empty. It is never an empty-element tag: a payload and AppendEnd follow.
func AppendStart[F, T, I, Y, L bytestring](dst []byte, kind Kind, from F, to T, id I, typ Y, lang L) []byte {
	dst = append(dst, '<')
	dst = append(dst, kind.String()...)
	dst = append(dst, " xmlns='"+NSClient+"'"...)
	dst = appendSome(dst, "from", from)
	dst = appendSome(dst, "to", to)
	dst = appendSome(dst, "id", id)
	dst = appendSome(dst, "type", typ)
	dst = appendSome(dst, "xml:lang", lang)
	return append(dst, '>')
}

func appendSome[T bytestring](dst []byte, name string, value T) []byte {
	if len(value) == 0 {
		return dst
	}
	return AppendAttr(dst, name, value)
}

// AppendEnd appends the end tag of a stanza.
func AppendEnd(dst []byte, kind Kind) []byte {
	dst = append(dst, '<', '/')
	dst = append(dst, kind.String()...)
	return append(dst, '>')
}

// Append appends the element as XML, for a place where parentNS is the default
// namespace. Elements get an xmlns where theirs differs from what is in force;
// those of streams get the prefix stream, since clients look for it literally.
// Whatever the strings of the tree are, what is written is well-formed and
// namespace-well-formed: bad characters become U+FFFD, or '_' in a name, and of
// attributes of the same name the first one counts.
func (e *Element) Append(dst []byte, parentNS string) []byte {
	return e.append(dst, parentNS, false)
}

// AppendContent appends what is in the element, without its tags.
func (e *Element) AppendContent(dst []byte, parentNS string) []byte {
	if e == nil {
		return dst
	}
	return e.appendNodes(dst, parentNS, false)
}

// Bytes returns the element as XML, for a place inside a client's stream.
func (e *Element) Bytes() []byte { return e.Append(nil, NSClient) }

// String returns the element as XML that stands alone.
func (e *Element) String() string { return string(e.Append(nil, "")) }

// append is Append; inStream says that the prefix stream is declared.
func (e *Element) append(dst []byte, parentNS string, inStream bool) []byte {
	if e == nil {
		return dst
	}
	prefix, local, content := "", cleanName(e.Local), parentNS
	switch e.Space {
	case NSXML:
		prefix = "xml:"
	case NSStream:
		prefix = "stream:"
	case nsXMLNS: // cannot be the namespace of an element
		content = ""
	default:
		content = e.Space
	}
	dst = append(dst, '<')
	dst = append(dst, prefix...)
	dst = append(dst, local...)
	if content != parentNS {
		dst = AppendAttr(dst, "xmlns", content)
	}
	if e.Space == NSStream && !inStream {
		dst = AppendAttr(dst, "xmlns:stream", NSStream)
		inStream = true
	}
	dst = appendAttrs(dst, e.Attrs)
	start := len(dst) + 1
	dst = append(dst, '>')
	dst = e.appendNodes(dst, content, inStream)
	if len(dst) == start {
		return append(dst[:start-1], '/', '>')
	}
	dst = append(dst, '<', '/')
	dst = append(dst, prefix...)
	dst = append(dst, local...)
	return append(dst, '>')
}

func (e *Element) appendNodes(dst []byte, ns string, inStream bool) []byte {
	for i := range e.Nodes {
		if n := &e.Nodes[i]; n.Element != nil {
			dst = n.Element.append(dst, ns, inStream)
		} else {
			dst = AppendText(dst, n.Text)
		}
	}
	return dst
}

// appendAttrs appends attributes. Those in a namespace get a prefix made here.
func appendAttrs(dst []byte, attrs []Attr) []byte {
	if areSimple(attrs) {
		for i := range attrs {
			dst = AppendAttr(dst, attrs[i].Name, attrs[i].Value)
		}
		return dst
	}
	names := attrNames{seen: make([]Attr, 0, min(len(attrs), linearLimit))}
	for i := range attrs {
		a := attrs[i]
		if a.Space == "" {
			a.Space, a.Name = attrName(a.Name)
		}
		a.Space, a.Name = cleanText(a.Space), cleanName(a.Name)
		// Declarations are the writer's own business.
		if a.Space == nsXMLNS || a.Space == "" && a.Name == "xmlns" {
			continue
		}
		n, first := names.add(a.Space, a.Name)
		if !first {
			continue
		}
		dst = appendAttr(dst, a, n)
	}
	return dst
}

// areSimple reports whether the attributes can be written as they are: they are
// few, in no namespace, and their names are good and different.
func areSimple(attrs []Attr) bool {
	if len(attrs) > linearLimit {
		return false
	}
	for i := range attrs {
		a := &attrs[i]
		if a.Space != "" || a.Name == "" || a.Name == "xmlns" || ncName(a.Name, 0) != len(a.Name) {
			return false
		}
		for j := range i {
			if attrs[j].Name == a.Name {
				return false
			}
		}
	}
	return true
}

// appendAttr appends one attribute. If it is in a namespace, n numbers that
// one within the tag; it is negative if it was declared already.
func appendAttr(dst []byte, a Attr, n int) []byte {
	switch a.Space {
	case "":
		return AppendAttr(dst, a.Name, a.Value)
	case NSXML:
		return AppendAttr(dst, "xml:"+a.Name, a.Value)
	}
	declared := n < 0
	if declared {
		n = -n - 1
	}
	prefix := "ns" + strconv.Itoa(n)
	if !declared {
		dst = AppendAttr(dst, "xmlns:"+prefix, a.Space)
	}
	return AppendAttr(dst, prefix+":"+a.Name, a.Value)
}

// attrNames remembers the expanded names of the attributes of one start tag.
type attrNames struct {
	seen   []Attr // up to linearLimit
	names  map[Attr]struct{}
	number map[string]int
}

// add reports whether the name is new, and numbers its namespace: n for a new
// one, -n-1 for the n-th one again.
func (s *attrNames) add(space, name string) (n int, first bool) {
	if s.has(Attr{Space: space, Name: name}) {
		return 0, false
	}
	if space == "" || space == NSXML {
		return 0, true
	}
	if n, ok := s.number[space]; ok {
		return -n - 1, true
	}
	if s.number == nil {
		s.number = make(map[string]int)
	}
	n = len(s.number)
	s.number[space] = n
	return n, true
}

// has reports whether it was asked the same before.
func (s *attrNames) has(a Attr) bool {
	if s.names == nil {
		for i := range s.seen {
			if s.seen[i] == a {
				return true
			}
		}
		if s.seen = append(s.seen, a); len(s.seen) < linearLimit {
			return false
		}
		s.names = make(map[Attr]struct{}, 2*linearLimit)
		for _, b := range s.seen {
			s.names[b] = struct{}{}
		}
		return false
	}
	_, ok := s.names[a]
	s.names[a] = struct{}{}
	return ok
}
