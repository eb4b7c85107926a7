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
