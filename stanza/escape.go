package stanza

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// How bytes must be written. A byte with no entry stands for itself.
var (
	textEscapes = [128]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '\r': "&#xD;"}
	attrEscapes = [128]string{
		'&': "&amp;", '<': "&lt;", '>': "&gt;", '\'': "&apos;", '"': "&quot;",
		'\t': "&#x9;", '\n': "&#xA;", '\r': "&#xD;",
	}
)

const replacement = "\uFFFD"

func init() {
	for c := range 0x20 {
		if c != '\t' && c != '\n' && c != '\r' {
			textEscapes[c], attrEscapes[c] = replacement, replacement
		}
	}
}

// escape appends s with what XML does not allow in it replaced.
func escape[T bytestring](dst []byte, s T, escapes *[128]string) []byte {
	start := len(dst)
	dst = append(dst, s...)
	if verbatim(dst, start) == len(dst) {
		return dst // nearly always: addresses, ids, types, names
	}
	return replace(dst[:start], s, escapes)
}

// verbatim returns the index of the first byte at or after i that may have to be
// written otherwise, in text or in an attribute.
func verbatim(b []byte, i int) int {
	for i+8 <= len(b) {
		if hit := special(binary.LittleEndian.Uint64(b[i:])); hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
		i += 8
	}
	n := len(b) - i
	if n > 0 && len(b) >= 8 { // the last eight bytes, without those seen already
		x := binary.LittleEndian.Uint64(b[len(b)-8:])>>(64-8*n) | ' '*ones<<(8*n)
		return i + min(n, bits.TrailingZeros64(special(x))>>3)
	}
	for i < len(b) && b[i] < 0x80 && attrEscapes[b[i]] == "" {
		i++
	}
	return i
}

// special has the highest bit set in the first byte of x that is not a plain
// character, a quote or one of '&', '<', '>' (as skipPlain does it).
func special(x uint64) uint64 {
	amp, apos, quot := x^('&'*ones), x^('\''*ones), x^('"'*ones)
	angle := (x | 2*ones) ^ ('>' * ones) // '<' and '>' differ in one bit
	return ((x-0x20*ones)&^x | (amp-ones)&^amp | (apos-ones)&^apos | (quot-ones)&^quot | (angle-ones)&^angle | x) & highs
}

// replace is escape for what is not to be written as it is.
func replace[T bytestring](dst []byte, s T, escapes *[128]string) []byte {
	done := 0
	for i := 0; i < len(s); {
		c, size, with := s[i], 1, ""
		if c < 0x80 {
			if with = escapes[c]; with == "" {
				i++
				continue
			}
		} else if _, size = decode(s, i); size > 0 {
			i += size
			continue
		} else {
			with, size = replacement, badSize(s, i)
		}
		dst = append(dst, s[done:i]...)
		dst = append(dst, with...)
		i += size
		done = i
	}
	return append(dst, s[done:]...)
}

// badSize returns how many bytes one U+FFFD stands for: three for U+FFFE and
// U+FFFF, which are UTF-8 but not characters of XML, else one.
func badSize[T bytestring](s T, i int) int {
	if s[i] == 0xEF && len(s)-i > 2 && s[i+1] == 0xBF && s[i+2]|1 == 0xBF {
		return 3
	}
	return 1
}

// AppendText appends s as character data. Characters that XML does not allow
// and bytes that are not UTF-8 become U+FFFD.
func AppendText[T bytestring](dst []byte, s T) []byte { return escape(dst, s, &textEscapes) }

// AppendAttr appends an attribute with a space before it: name='value'. The
// name is the program's own, so it is written as it is; the value is escaped
// as AppendText does, and what an XML parser would normalise is kept.
func AppendAttr[T bytestring](dst []byte, name string, value T) []byte {
	dst = append(dst, ' ')
	dst = append(dst, name...)
	dst = append(dst, '=', '\'')
	dst = escape(dst, value, &attrEscapes)
	return append(dst, '\'')
}

// cleanName makes an NCName of s.
func cleanName(s string) string {
	if s != "" && ncName(s, 0) == len(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		one := string(r)
		if b.Len() == 0 && ncName(one, 0) == 0 || ncName("_"+one, 0) == 1 {
			one = "_"
		}
		b.WriteString(one)
	}
	if b.Len() == 0 {
		return "_"
	}
	return b.String()
}

// cleanText makes s what a reader of its escaped form sees.
func cleanText(s string) string {
	for i := 0; i < len(s); {
		c := s[i]
		size := 1
		if c >= 0x80 {
			_, size = decode(s, i)
		}
		if size == 0 || !isChar(rune(c)) {
			return string(replaceBad(s))
		}
		i += size
	}
	return s
}

func replaceBad(s string) []byte {
	var dst []byte
	for i := 0; i < len(s); {
		c, size := s[i], 1
		if c >= 0x80 {
			_, size = decode(s, i)
		}
		if size == 0 || !isChar(rune(c)) {
			dst = append(dst, replacement...)
			i += badSize(s, i)
			continue
		}
		dst = append(dst, s[i:i+size]...)
		i += size
	}
	return dst
}
