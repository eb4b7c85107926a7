package stanza

import "bytes"

// Item is what a Splitter cut out of a stream.
type Item uint8

// The items of a stream.
const (
	NeedMore    Item = iota // the item has not ended yet
	Space                   // white space between elements, a keep-alive (RFC 6120 §4.6.1)
	StreamOpen              // the stream header, with the XML declaration before it
	StreamClose             // the end tag that matches the header
	Stanza                  // a whole element at the first level
)

// Splitter finds where the elements of a TCP stream end, without taking them
// apart: what it calls a stanza is for Scan to check. It stops early at what
// cannot become well-formed, and passes nothing longer than its limit. It
// remembers how far it looked, so the cost is linear however the bytes arrive,
// and what it finds does not depend on that either. The zero value is ready for
// the start of a stream.
type Splitter struct {
	// Limits.Bytes bounds each item but Space, Limits.Depth the nesting of
	// stanzas. The other limits are for Scan.
	Limits Limits

	phase phase
	state state
	pos   int // how much of the item was looked at
	depth int // of open elements in the item
	quote byte
	root  []byte // the name of the header, as written
	err   error
}

// phase is how far the stream is.
type phase uint8

const (
	beforeHeader phase = iota
	inStream
	afterStream
)

// state is what the next byte belongs to.
type state uint8

const (
	atContent     state = iota
	afterLess           // after <
	inStartTag          // after < and a name
	inValue             // in an attribute value
	afterSlash          // after / in a start tag
	inEndTag            // after </
	inBang              // after <!
	inCDATA             // in a CDATA section
	inDeclaration       // after <?
)

// Reset makes the splitter expect a new stream header, after a stream restart
// (RFC 6120 §4.3.3).
func (s *Splitter) Reset() { *s = Splitter{Limits: s.Limits, root: s.root[:0]} }

// Next looks for the next item in buf, which is all that arrived and was not
// consumed. The item is buf[:n]; the caller drops it before it calls again. The
// error is a *StreamError, and final until Reset.
func (s *Splitter) Next(buf []byte) (it Item, n int, err error) {
	if s.err != nil {
		return NeedMore, 0, s.err
	}
	if s.pos == 0 {
		if n := skipSpace(buf, 0); n > 0 {
			return Space, n, nil
		}
	}
	window := buf
	if most := s.Limits.Bytes; most > 0 && len(buf) > most {
		window = buf[:most]
	}
	it, err = s.item(window)
	if it == NeedMore && err == nil && len(window) < len(buf) {
		err = splitError(StreamPolicyViolation, "too many bytes")
	}
	if err != nil {
		s.err = err
		return NeedMore, 0, err
	}
	if it == NeedMore {
		return NeedMore, 0, nil
	}
	n = s.pos
	s.pos, s.depth, s.state = 0, 0, atContent
	return it, n, nil
}

// item goes on in the item that b begins with.
func (s *Splitter) item(b []byte) (Item, error) {
	for s.pos < len(b) {
		ended, err := s.step(b)
		if err != nil {
			return NeedMore, err
		}
		if ended && s.depth == 0 {
			return s.complete(b[:s.pos])
		}
	}
	return NeedMore, nil
}

// step moves on by at least a byte. It reports whether a tag has ended.
func (s *Splitter) step(b []byte) (ended bool, err error) {
	switch s.state {
	case atContent:
		return false, s.content(b)
	case afterLess:
		return false, s.less(b[s.pos])
	case inStartTag:
		return s.startTag(b)
	case inValue:
		return false, s.value(b)
	case afterSlash:
		if b[s.pos] != '>' {
			return false, splitError(StreamNotWellFormed, "'>' is expected after '/'")
		}
		s.pos, s.state = s.pos+1, atContent
		s.depth--
		return true, nil
	case inEndTag:
		return s.endTag(b)
	case inBang:
		return false, s.bang(b)
	case inCDATA:
		s.cdata(b)
		return false, nil
	default:
		return false, s.declaration(b)
	}
}

// content goes to the next tag. Outside of stanzas there is only white space.
func (s *Splitter) content(b []byte) error {
	if s.depth > 0 {
		s.pos += index(b[s.pos:], '<')
	} else {
		s.pos = skipSpace(b, s.pos)
	}
	switch {
	case s.pos == len(b):
	case b[s.pos] == '<' && s.phase != afterStream:
		s.pos, s.state = s.pos+1, afterLess
	case s.phase == beforeHeader && s.pos == 0 && otherEncoding(b[0]):
		return splitError(StreamUnsupportedEncoding, "the encoding is UTF-8")
	default:
		return splitError(StreamNotWellFormed, "text or more outside of elements")
	}
	return nil
}

// otherEncoding reports whether a stream that begins with c looks like UTF-16
// or UTF-32 (XML, appendix F).
func otherEncoding(c byte) bool { return c == 0xFE || c == 0xFF || c == 0 }

func (s *Splitter) less(c byte) error {
	switch {
	case c == '/' && (s.depth > 0 || s.phase == inStream):
		s.state = inEndTag
	case c == '!' && s.depth > 0:
		s.state = inBang
	case c == '!':
		return splitError(StreamRestrictedXML, "a comment or declaration")
	case c == '?' && s.phase == beforeHeader && s.pos == 1:
		s.state = inDeclaration
	case c == '?':
		return splitError(StreamRestrictedXML, "a processing instruction")
	case c == 0 && s.phase == beforeHeader:
		return splitError(StreamUnsupportedEncoding, "the encoding is UTF-8")
	case c < 0x80 && class[c]&classNameStart == 0:
		return splitError(StreamNotWellFormed, "a name is expected")
	default:
		return s.descend()
	}
	s.pos++
	return nil
}

func (s *Splitter) descend() error {
	if s.Limits.Depth > 0 && s.depth >= s.Limits.Depth {
		return splitError(StreamPolicyViolation, "elements are nested too deep")
	}
	s.depth++
	s.state = inStartTag
	s.pos++
	return nil
}

func (s *Splitter) startTag(b []byte) (ended bool, err error) {
	for ; s.pos < len(b); s.pos++ {
		switch c := b[s.pos]; c {
		case '\'', '"':
			s.quote, s.state = c, inValue
		case '/':
			s.state = afterSlash
		case '>':
			s.state = atContent
			if s.phase == beforeHeader {
				s.depth-- // what is open is the stream, not a stanza
				ended = true
			}
		case '<':
			return false, splitError(StreamNotWellFormed, "'<' in a tag")
		default:
			continue
		}
		s.pos++
		return ended, nil
	}
	return false, nil
}

func (s *Splitter) value(b []byte) error {
	run := b[s.pos:]
	end := index(run, s.quote)
	if bytes.IndexByte(run[:end], '<') >= 0 {
		return splitError(StreamNotWellFormed, "'<' in an attribute value")
	}
	s.pos += end
	if end < len(run) {
		s.pos, s.state = s.pos+1, inStartTag
	}
	return nil
}

func (s *Splitter) endTag(b []byte) (ended bool, err error) {
	run := b[s.pos:]
	end := index(run, '>')
	if bytes.IndexByte(run[:end], '<') >= 0 {
		return false, splitError(StreamNotWellFormed, "'<' in a tag")
	}
	s.pos += end
	if end == len(run) {
		return false, nil
	}
	s.pos, s.state = s.pos+1, atContent
	if s.depth > 0 {
		s.depth--
	}
	return true, nil
}

// bang tells a CDATA section from what is restricted (RFC 6120 §11.1).
func (s *Splitter) bang(b []byte) error {
	start := bytes.LastIndexByte(b[:s.pos], '<')
	seen := b[start:min(len(b), start+len(cdataStart))]
	if !bytes.HasPrefix(cdataStart, seen) {
		return splitError(StreamRestrictedXML, "a comment or declaration")
	}
	s.pos = start + len(seen)
	if len(seen) == len(cdataStart) {
		s.state = inCDATA
		s.quote = 0
	}
	return nil
}

// cdata goes to the end of a CDATA section. The quote counts the brackets that
// came last, up to two.
func (s *Splitter) cdata(b []byte) {
	for s.pos < len(b) {
		c := b[s.pos]
		s.pos++
		switch {
		case c == ']':
			s.quote = min(s.quote+1, 2)
		case c == '>' && s.quote == 2:
			s.state = atContent
			return
		default:
			s.quote = 0
			s.pos += index(b[s.pos:], ']')
		}
	}
}

// declaration goes to the end of <?…?>, which is an XML declaration or else
// restricted.
func (s *Splitter) declaration(b []byte) error {
	if n := min(len(b), len(xmlDeclaration)); !bytes.Equal(b[:n], xmlDeclaration[:n]) {
		return splitError(StreamRestrictedXML, "a processing instruction")
	}
	if n := len(xmlDeclaration); len(b) > n && !isSpace(b[n]) {
		return splitError(StreamRestrictedXML, "a processing instruction")
	}
	at := s.pos
	s.pos += index(b[at:], '>')
	if s.pos == len(b) {
		return nil
	}
	s.pos++
	if b[s.pos-2] != '?' {
		return splitError(StreamNotWellFormed, "the XML declaration is not well-formed")
	}
	s.state = atContent
	_, err := declaration(b[:s.pos])
	return err
}

// complete says what the item is that has ended.
func (s *Splitter) complete(b []byte) (Item, error) {
	switch {
	case s.phase == beforeHeader:
		s.phase = inStream
		if b[len(b)-2] == '/' {
			s.phase = afterStream
		}
		tag := b[bytes.LastIndexByte(b, '<')+1:]
		s.root = append(s.root[:0], tag[:tagName(tag)]...)
		return StreamOpen, nil
	case b[1] != '/':
		return Stanza, nil
	}
	name := b[len("</"):]
	end := tagName(name)
	if string(name[:end]) != string(s.root) || skipSpace(name, end) != len(name)-1 {
		return NeedMore, splitError(StreamNotWellFormed, "an end tag does not match its start tag")
	}
	s.phase = afterStream
	return StreamClose, nil
}

// tagName returns how long the name is that a tag begins with.
func tagName(tag []byte) int {
	i := 0
	for i < len(tag) && tag[i] != '>' && tag[i] != '/' && !isSpace(tag[i]) {
		i++
	}
	return i
}

// index is bytes.IndexByte, but len(b) if there is no c.
func index(b []byte, c byte) int {
	if i := bytes.IndexByte(b, c); i >= 0 {
		return i
	}
	return len(b)
}

func splitError(c StreamCondition, what string) error {
	return &StreamError{Condition: c, Text: what}
}
