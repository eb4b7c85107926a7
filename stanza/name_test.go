package stanza_test

import (
	"regexp"
	"testing"
	"unicode/utf8"

	"parley/stanza"
)

// The productions 4 and 4a as the recommendation (XML 1.0, fifth edition, §2.3)
// writes them, without the colon.
var (
	nameStart = regexp.MustCompile(`^[A-Z_a-z\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}\x{200C}-\x{200D}\x{2070}-\x{218F}\x{2C00}-\x{2FEF}\x{3001}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFFD}\x{10000}-\x{EFFFF}]$`)
	nameMore  = regexp.MustCompile(`^[-.0-9\x{B7}\x{0300}-\x{036F}\x{203F}-\x{2040}]$`)
)

// TestNameCharacters tries every character of the basic plane, and of the
// others every 251st and those at the ends, at both places of a name and in text.
func TestNameCharacters(t *testing.T) {
	t.Parallel()
	var s stanza.Scanner
	var v stanza.View
	for c := rune(0); c <= utf8.MaxRune; c++ {
		if c >= 0x10000 && c%251 != 0 && c&0xFFFF > 2 && c&0xFFFF < 0xFFFD {
			continue
		}
		char := string(c)
		if c >= 0xD800 && c <= 0xDFFF {
			char = string([]byte{0xED, 0x80 | byte(c>>6&0x3F), 0x80 | byte(c&0x3F)})
		}
		first := utf8.ValidString(char) && nameStart.MatchString(char)
		more := first || utf8.ValidString(char) && nameMore.MatchString(char)
		if got := s.Scan([]byte("<"+char+" x='y'/>"), &v) == nil; got != first {
			t.Errorf("U+%04X first in a name: %v", c, got)
		}
		if got := s.Scan([]byte("<a"+char+"b/>"), &v) == nil; got != more && !isMarkup(c) {
			t.Errorf("U+%04X in a name: %v", c, got)
		}
		text := c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c < 0xD800 || c >= 0xE000 && c < 0xFFFE || c >= 0x10000
		if got := s.Scan([]byte("<a>"+char+"</a>"), &v) == nil; got != text && c != '<' && c != '&' {
			t.Errorf("U+%04X in text: %v", c, got)
		}
	}
}

// isMarkup reports whether a character after a name means something else.
func isMarkup(c rune) bool { return c == ':' || c == '>' || c == '/' || c == ' ' }
