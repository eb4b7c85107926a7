package stanza_test

import (
	"strings"
	"testing"

	"parley/stanza"
)

// TestEscapeEverywhere has each byte at each place of strings of all lengths that
// the writer looks at in a way of its own: eight bytes at a time, and what is left.
func TestEscapeEverywhere(t *testing.T) {
	t.Parallel()
	for c := range 0x80 {
		in, text, attr := string(rune(c)), escapedText(byte(c)), escapedAttr(byte(c))
		for length := 1; length <= 20; length++ {
			for at := range length {
				before, after := strings.Repeat("a", at), strings.Repeat("z", length-at-1)
				for _, dst := range []string{"", "'<&"} { // what stands there already is not looked at
					if got, want := string(stanza.AppendText([]byte(dst), before+in+after)), dst+before+text+after; got != want {
						t.Fatalf("text %q: got %q, want %q", before+in+after, got, want)
					}
					if got, want := string(stanza.AppendAttr([]byte(dst), "n", []byte(before+in+after))), dst+" n='"+before+attr+after+"'"; got != want {
						t.Fatalf("attribute %q: got %q, want %q", before+in+after, got, want)
					}
				}
			}
		}
	}
}

func escapedText(c byte) string {
	switch {
	case c == '&':
		return "&amp;"
	case c == '<':
		return "&lt;"
	case c == '>':
		return "&gt;"
	case c == '\r':
		return "&#xD;"
	case c < 0x20 && c != '\t' && c != '\n':
		return "\uFFFD"
	}
	return string(rune(c))
}

func escapedAttr(c byte) string {
	switch c {
	case '\'':
		return "&apos;"
	case '"':
		return "&quot;"
	case '\t':
		return "&#x9;"
	case '\n':
		return "&#xA;"
	}
	return escapedText(c)
}
