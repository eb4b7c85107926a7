package stanza

import "bytes"

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
