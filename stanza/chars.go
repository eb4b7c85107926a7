package stanza

import (
	"encoding/binary"
	"math/bits"
)

// bytestring is text in either of its forms.
type bytestring interface{ ~string | ~[]byte }

// Classes of ASCII bytes.
const (
	classSpace     uint8 = 1 << iota // S, XML §2.3
	classNameStart                   // may begin an NCName
	className                        // may go on in an NCName
)

var class = func() (t [256]uint8) {
	for _, c := range " \t\r\n" {
		t[c] |= classSpace
	}
	for c := range 128 {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
		if letter {
			t[c] |= classNameStart
		}
		if letter || '0' <= c && c <= '9' || c == '-' || c == '.' {
			t[c] |= className
		}
	}
	return t
}()

func isSpace(c byte) bool { return class[c]&classSpace != 0 }

// isChar reports whether r is a Char (XML §2.2).
func isChar(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r < 0xD800:
		return true
	case r < 0xE000:
		return false
	case r < 0xFFFE:
		return true
	}
	return 0x10000 <= r && r <= 0x10FFFF
}

// decode reads the character that begins at s[i], a byte of 0x80 or more. The
// size is 0 unless it is valid UTF-8 (RFC 3629) and a Char (XML §2.2).
func decode[T bytestring](s T, i int) (r rune, size int) {
	c, left := s[i], len(s)-i
	switch {
	case c < 0xC2: // a continuation byte, or an overlong form
		return 0, 0
	case c < 0xE0:
		if left < 2 || s[i+1]&0xC0 != 0x80 {
			return 0, 0
		}
		return rune(c&0x1F)<<6 | rune(s[i+1]&0x3F), 2
	case c < 0xF0:
		if left < 3 || s[i+1]&0xC0 != 0x80 || s[i+2]&0xC0 != 0x80 {
			return 0, 0
		}
		r, size = rune(c&0x0F)<<12|rune(s[i+1]&0x3F)<<6|rune(s[i+2]&0x3F), 3
		if r < 0x800 {
			return 0, 0
		}
	case c < 0xF5:
		if left < 4 || s[i+1]&0xC0 != 0x80 || s[i+2]&0xC0 != 0x80 || s[i+3]&0xC0 != 0x80 {
			return 0, 0
		}
		r = rune(c&0x07)<<18 | rune(s[i+1]&0x3F)<<12 | rune(s[i+2]&0x3F)<<6 | rune(s[i+3]&0x3F)
		if r < 0x10000 {
			return 0, 0
		}
		size = 4
	}
	if !isChar(r) {
		return 0, 0
	}
	return r, size
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// skipPlain returns the index of the first byte at or after i that is not a
// plain character: a control character, '<', '&', stop, or not ASCII. It looks
// at eight bytes at a time; in each of the tests below a borrow can only spoil
// bits above a true hit, so the lowest bit set is always right.
func skipPlain(b []byte, i int, stop byte) int {
	stops := uint64(stop) * ones
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		lt, amp, end := x^('<'*ones), x^('&'*ones), x^stops
		hit := ((x-0x20*ones)&^x | (lt-ones)&^lt | (amp-ones)&^amp | (end-ones)&^end | x) & highs
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
		i += 8
	}
	for i < len(b) {
		if c := b[i]; c < 0x20 || c >= 0x80 || c == '<' || c == '&' || c == stop {
			return i
		}
		i++
	}
	return i
}

// skipSpace returns the index of the first byte at or after i that is not S.
func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}
