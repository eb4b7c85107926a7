package stanza

// binding is one namespace declaration in force. The prefix of a default
// namespace is empty.
type binding struct {
	prefix, uri []byte
	depth       int32 // of the element that declares it; 0 is the stream header
	prev        int32 // the binding of the same prefix that this one hides, or -1
}

// scope is the stack of the namespace declarations in force.
type scope struct {
	bindings []binding
	current  int32            // index of the default namespace, or -1
	index    map[string]int32 // prefix to binding; only used when there are many
	indexed  bool
}

// linearLimit is how many things are searched one by one before an index pays.
const linearLimit = 16

var (
	xmlSpace    = []byte(NSXML)
	xmlnsSpace  = []byte(nsXMLNS)
	clientSpace = []byte(NSClient)
)

func (s *scope) reset() {
	s.bindings, s.current = s.bindings[:0], -1
	if s.indexed {
		clear(s.index)
		s.indexed = false
	}
}

// lookup returns the index of the binding of a prefix, or -1.
func (s *scope) lookup(prefix []byte) int32 {
	if len(prefix) == 0 {
		return s.current
	}
	if s.indexed {
		if i, ok := s.index[string(prefix)]; ok {
			return i
		}
		return -1
	}
	for i := len(s.bindings) - 1; i >= 0; i-- {
		if string(s.bindings[i].prefix) == string(prefix) {
			return int32(i)
		}
	}
	return -1
}

func (s *scope) push(prefix, uri []byte, depth int) {
	i := int32(len(s.bindings))
	prev := s.lookup(prefix)
	s.bindings = append(s.bindings, binding{})
	b := &s.bindings[i]
	b.prefix, b.uri, b.depth, b.prev = prefix, uri, int32(depth), prev
	switch {
	case len(prefix) == 0:
		s.current = i
	case s.indexed:
		s.index[string(prefix)] = i
	case i == linearLimit:
		s.buildIndex()
	}
}

func (s *scope) buildIndex() {
	if s.index == nil {
		s.index = make(map[string]int32)
	}
	s.indexed = true
	for i, b := range s.bindings {
		if len(b.prefix) > 0 {
			s.index[string(b.prefix)] = int32(i)
		}
	}
}

// pop takes back the declarations of an element, down to the n-th.
func (s *scope) pop(n int) {
	for i := len(s.bindings) - 1; i >= n; i-- {
		b := &s.bindings[i]
		switch {
		case len(b.prefix) == 0:
			s.current = b.prev
		case !s.indexed:
		case b.prev >= 0:
			s.index[string(b.prefix)] = b.prev
		default:
			delete(s.index, string(b.prefix))
		}
	}
	s.bindings = s.bindings[:n]
}

// declare binds a prefix for the element at this depth and everything in it
// (Namespaces in XML §3). It returns what is wrong with the declaration, or "".
func (s *scope) declare(prefix, uri []byte, depth int) string {
	switch {
	case string(prefix) == "xmlns":
		return "the prefix xmlns cannot be declared"
	case string(prefix) == "xml":
		if string(uri) != NSXML {
			return "the prefix xml is bound to its namespace"
		}
		return "" // it is bound anyway
	case string(uri) == NSXML || string(uri) == nsXMLNS:
		return "the namespaces of xml and xmlns have no other prefix"
	case len(prefix) > 0 && len(uri) == 0:
		return "a prefix cannot be unbound"
	}
	s.push(prefix, uri, depth)
	return ""
}
