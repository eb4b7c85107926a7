package stanza_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/stanza"
)

// The productions 4 and 4a as the recommendation (XML 1.0, fifth edition, §2.3)
// writes them, without the colon. No name may go beyond them.
var (
	nameStart = regexp.MustCompile(`^[A-Z_a-z\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}\x{200C}-\x{200D}\x{2070}-\x{218F}\x{2C00}-\x{2FEF}\x{3001}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFFD}\x{10000}-\x{EFFFF}]$`)
	nameMore  = regexp.MustCompile(`^[-.0-9\x{B7}\x{0300}-\x{036F}\x{203F}-\x{2040}]$`)
)

// isTried reports whether a test of characters tries c: it does every one of
// the basic plane, and of the others every 251st and those at the ends.
func isTried(c rune) bool {
	return c < 0x10000 || c%251 == 0 || c&0xFFFF <= 2 || c&0xFFFF >= 0xFFFD
}

// utf8Of returns the bytes of a character, also those of a surrogate, which is
// none.
func utf8Of(c rune) string {
	if c >= 0xD800 && c <= 0xDFFF {
		return string([]byte{0xED, 0x80 | byte(c>>6&0x3F), 0x80 | byte(c&0x3F)})
	}
	return string(c)
}

// beginning and goingOn are documents with a character at either place of a name.
func beginning(char string) []byte { return []byte("<" + char + " x='y'/>") }
func goingOn(char string) []byte   { return []byte("<a" + char + "b/>") }

// TestNameCharacters tries characters at both places of a name and in text.
// Beyond ASCII the standard library knows the fourth edition's tables.
func TestNameCharacters(t *testing.T) {
	t.Parallel()
	var s stanza.Scanner
	var v stanza.View
	for c := rune(0); c <= utf8.MaxRune; c++ {
		if !isTried(c) {
			continue
		}
		char := utf8Of(c)
		first := utf8.ValidString(char) && nameStart.MatchString(char)
		more := first || utf8.ValidString(char) && nameMore.MatchString(char)
		if c >= 0x80 {
			first = first && isRead(beginning(char))
			more = more && isRead(goingOn(char))
		}
		if got := s.Scan(beginning(char), &v) == nil; got != first {
			t.Errorf("U+%04X first in a name: %v", c, got)
		}
		if got := s.Scan(goingOn(char), &v) == nil; got != more && !isMarkup(c) {
			t.Errorf("U+%04X in a name: %v", c, got)
		}
		text := c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c < 0xD800 || c >= 0xE000 && c < 0xFFFE || c >= 0x10000
		if got := s.Scan([]byte("<a>"+char+"</a>"), &v) == nil; got != text && c != '<' && c != '&' {
			t.Errorf("U+%04X in text: %v", c, got)
		}
	}
}

// isRead reports whether the standard library reads a document.
func isRead(doc []byte) bool {
	d := xml.NewDecoder(strings.NewReader(string(doc)))
	for {
		if _, err := d.RawToken(); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// isMarkup reports whether a character after a name means something else.
func isMarkup(c rune) bool { return c == ':' || c == '>' || c == '/' || c == ' ' }

// TestNameCharactersOfExpat asks expat about the same characters, and then for
// the tree of a document with all the names.
func TestNameCharactersOfExpat(t *testing.T) {
	t.Parallel()
	first, later, known := expatNames(t)
	if !known {
		return
	}
	var s stanza.Scanner
	var v stanza.View
	all := []byte("<r>")
	for c := rune(0x80); c <= utf8.MaxRune; c++ {
		if !isTried(c) {
			continue
		}
		char := utf8Of(c)
		if got := s.Scan(beginning(char), &v) == nil; got != first[c] {
			t.Errorf("U+%04X first in a name: %v, expat: %v", c, got, first[c])
		} else if got {
			all = append(all, beginning(char)...)
		}
		want := first[c] || later[c]
		if got := s.Scan(goingOn(char), &v) == nil; got != want {
			t.Errorf("U+%04X in a name: %v, expat: %v", c, got, want)
		} else if got {
			all = append(all, "<a b"+char+"='' c"+char+":d='' xmlns:c"+char+"='u'/>"...)
		}
	}
	all = append(all, "</r>"...)
	if err := s.Scan(all, &v); err != nil {
		t.Fatal(err)
	}
	agree(t, all, v.Tree())
}

var spanEntry = regexp.MustCompile(`\{0x([0-9A-F]+), 0x([0-9A-F]+), 1\}`)

// expatNames returns the characters that may begin a name and those that may
// only go on in one, as expat says. It reports false if there is no Python.
func expatNames(t *testing.T) (first, later map[rune]bool, known bool) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		return nil, nil, false
	}
	cmd := exec.Command(python, "testdata/expat_names.py", "251")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("expat oracle: %v", err)
	}
	start, more, _ := strings.Cut(string(out), "\n\n")
	return runesOf(t, start), runesOf(t, more), true
}

// runesOf reads entries of a table.
func runesOf(t *testing.T, table string) map[rune]bool {
	t.Helper()
	set := make(map[rune]bool)
	for _, entry := range spanEntry.FindAllStringSubmatch(table, -1) {
		lo, err := strconv.ParseInt(entry[1], 16, 32)
		hi, err2 := strconv.ParseInt(entry[2], 16, 32)
		if err = errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		for c := lo; c <= hi; c++ {
			set[rune(c)] = true
		}
	}
	return set
}
