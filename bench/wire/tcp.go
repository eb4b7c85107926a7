package wire

import (
	"bytes"
	"errors"
	"net"
)

// TCP speaks RFC 6120 over conn.
func TCP(conn net.Conn) *Conn { return newConn(conn, &tcp{}) }

// tcp is RFC 6120 framing: one long document, of which every child is an
// element. The stream header counts as one too, without its end.
type tcp struct {
	// The state of an element of which the end is missing: seen bytes of it have
	// been looked at, at whose end depth elements are open.
	seen, depth int
	open        bool // the header was seen
}

func (*tcp) header(domain string) []byte {
	return []byte(`<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='` +
		domain + `' version='1.0'>`)
}

func (*tcp) trailer() string   { return `</stream:stream>` }
func (*tcp) namespace() string { return "" }
func (t *tcp) restart()        { *t = tcp{} }

func (*tcp) appendElement(dst, element []byte) []byte { return append(dst, element...) }

var errNotXML = errors.New("the server sends something that is not a stream of elements")

func (t *tcp) cut(b []byte) (item, int, error) {
	if t.seen == 0 && len(b) > 0 && b[0] != '<' {
		n := bytes.IndexByte(b, '<')
		if n < 0 {
			n = len(b)
		}
		if len(bytes.TrimSpace(b[:n])) > 0 {
			return item{}, 0, errNotXML
		}
		return item{kind: nothing}, n, nil // white space keeps a connection alive
	}
	for {
		tag := nextTag(b, t.seen)
		if tag.kind == noTag {
			return item{}, 0, nil
		}
		t.seen = tag.end
		switch tag.kind {
		case instruction:
			if t.depth > 0 || t.open {
				return item{}, 0, errNotXML
			}
			t.seen = 0
			return item{kind: nothing}, tag.end, nil
		case startTag:
			if !t.open {
				return t.opened(b[:tag.end])
			}
			t.depth++
		case endTag:
			if t.depth == 0 {
				return item{kind: aClose}, tag.end, nil
			}
			t.depth--
		}
		if t.depth == 0 {
			t.seen = 0
			return item{anElement, b[:tag.end]}, tag.end, nil
		}
	}
}

func (t *tcp) opened(header []byte) (item, int, error) {
	if !bytes.HasPrefix(header, []byte("<stream:stream")) {
		return item{}, 0, errNotXML
	}
	t.open, t.seen = true, 0
	return item{anElement, header}, len(header), nil
}

type tagKind uint8

const (
	noTag tagKind = iota // none, or its end is missing
	startTag
	endTag
	emptyTag
	instruction
)

type tag struct {
	kind tagKind
	end  int
}

// nextTag finds the first tag of b that begins at or after from. Neither text
// nor attribute values can hold '<' (XML 1.0 §2.4, §3.1), and XMPP has no
// comments and no CDATA that a server would make up (RFC 6120 §11.1).
func nextTag(b []byte, from int) tag {
	i := bytes.IndexByte(b[from:], '<')
	if i < 0 {
		return tag{}
	}
	start := from + i
	end := tagEnd(b, start+1)
	if end < 0 {
		return tag{}
	}
	switch {
	case b[start+1] == '/':
		return tag{endTag, end}
	case b[start+1] == '?':
		return tag{instruction, end}
	case b[end-2] == '/':
		return tag{emptyTag, end}
	}
	return tag{startTag, end}
}

// tagEnd returns the position after the tag's '>', which may also stand in its
// attribute values.
func tagEnd(b []byte, i int) int {
	for i < len(b) {
		switch b[i] {
		case '>':
			return i + 1
		case '"', '\'':
			n := bytes.IndexByte(b[i+1:], b[i])
			if n < 0 {
				return -1
			}
			i += n + 1
		}
		i++
	}
	return -1
}
