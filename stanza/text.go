package stanza

import (
	"bytes"
	"unicode/utf8"
)

// chars steps over characters beyond ASCII.
func (r *reader) chars(i int) (int, error) {
	for i < len(r.doc) && r.doc[i] >= 0x80 {
		if c := r.doc[i]; c >= 0xC2 && c < 0xE0 && i+1 < len(r.doc) && r.doc[i+1]&0xC0 == 0x80 {
			i += 2 // Latin, Greek, Cyrillic, Hebrew, Arabic
			continue
		}
		_, size := decode(r.doc, i)
		if size == 0 {
			return i, r.malformed(i, "bytes that are not UTF-8, or a character that XML does not allow")
		}
		i += size
	}
	return i, nil
}

// special steps over a control character or a reference.
func (r *reader) special(i int) (int, error) {
	switch r.doc[i] {
	case '\n', '\t', '\r':
		return i + 1, nil
	case '&':
		return r.reference(i)
	}
	return i, r.malformed(i, "a character that XML does not allow")
}

// reference steps over a reference (XML §4.1). RFC 6120 §11.1 allows the five
// predefined entities and character references.
func (r *reader) reference(i int) (int, error) {
	c, size := reference(r.doc[i:])
	if size == 0 {
		return i, r.badReference(i)
	}
	// What the writer writes is canonical: &#x9; &#xA; &#xD;
	if r.doc[i+1] == '#' && c != '\t' && c != '\n' && c != '\r' {
		r.loose = true
	}
	return i + size, nil
}

func (r *reader) badReference(i int) error {
	end := ncName(r.doc, i+1)
	if end > i+1 && end < len(r.doc) && r.doc[end] == ';' {
		return r.fail(i, StreamRestrictedXML, "an entity that is not predefined")
	}
	return r.malformed(i, "a reference is not well-formed, or to a character that XML does not allow")
}

var entities = [...]struct {
	name string
	char rune
}{{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}}

// reference reads the reference that b begins with. The size is 0 if there is
// none that is legal.
func reference(b []byte) (c rune, size int) {
	if len(b) > 2 && b[1] == '#' {
		return charReference(b)
	}
	for _, e := range entities {
		if len(b) >= len(e.name) && string(b[:len(e.name)]) == e.name {
			return e.char, len(e.name)
		}
	}
	return 0, 0
}

// charReference reads &#…; or &#x…; (XML §4.1, production 66).
func charReference(b []byte) (c rune, size int) {
	i, base := 2, rune(10)
	if b[i] == 'x' {
		i, base = 3, 16
	}
	first := i
	for ; i < len(b); i++ {
		d := digit(b[i])
		if d >= base {
			break
		}
		if c = c*base + d; c > utf8.MaxRune {
			return 0, 0
		}
	}
	if i == first || i == len(b) || b[i] != ';' || !isChar(c) {
		return 0, 0
	}
	return c, i + 1
}

func digit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return 99
}

// content reads text up to the next tag (XML §2.4).
func (r *reader) content() error {
	var err error
	r.start, r.plain = r.pos, true
	for i := r.pos; ; {
		i = skipPlain(r.doc, i, ']')
		if i == len(r.doc) {
			break
		}
		switch c := r.doc[i]; {
		case c == '<':
			r.pos = i
			return nil
		case c == ']':
			if bytes.HasPrefix(r.doc[i:], cdataEnd) {
				return r.malformed(i, "']]>' in text")
			}
			i++
		case c >= 0x80:
			if i, err = r.chars(i); err != nil {
				return err
			}
		default:
			if c == '&' || c == '\r' {
				r.plain = false
			}
			if i, err = r.special(i); err != nil {
				return err
			}
		}
	}
	r.pos = len(r.doc)
	return nil
}

var (
	cdataStart = []byte("<![CDATA[")
	cdataEnd   = []byte("]]>")
)

// cdata reads a CDATA section (XML §2.7).
func (r *reader) cdata() error {
	r.loose = true
	r.start = r.pos + len(cdataStart)
	size := bytes.Index(r.doc[r.start:], cdataEnd)
	if size < 0 {
		return r.malformed(r.pos, "a CDATA section does not end")
	}
	r.end = r.start + size
	r.plain = true
	for i := r.start; i < r.end; {
		switch c := r.doc[i]; {
		case c >= 0x80:
			_, n := decode(r.doc[:r.end], i)
			if n == 0 {
				return r.malformed(i, "bytes that are not UTF-8, or a character that XML does not allow")
			}
			i += n
		case c >= 0x20 || c == '\t' || c == '\n' || c == '\r':
			r.plain = r.plain && c != '\r'
			i++
		default:
			return r.malformed(i, "a character that XML does not allow")
		}
	}
	r.pos = r.end + len(cdataEnd)
	return nil
}

// unescape appends what checked text stands for: references resolved, line
// ends normalised (XML §2.11) and, in an attribute, white space (XML §3.3.3).
func unescape(dst, raw []byte, attr bool) []byte {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch c {
		case '&':
			char, size := reference(raw[i:])
			dst = utf8.AppendRune(dst, char)
			i += size - 1
			continue
		case '\r':
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
			c = '\n'
		}
		if attr && isSpace(c) {
			c = ' '
		}
		dst = append(dst, c)
	}
	return dst
}

// newlines appends the content of a CDATA section with its line ends normalised.
func newlines(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '\r' {
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
			c = '\n'
		}
		dst = append(dst, c)
	}
	return dst
}
