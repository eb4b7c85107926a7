package server_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"parley/internal/server"
)

var update = flag.Bool("update", false, "rewrite the table of standards in README.md")

const (
	readme     = "../../README.md"
	tableBegin = "<!-- standards: go test ./internal/server -run Standards -update -->\n"
	tableEnd   = "<!-- end of standards -->\n"
)

// The table in README.md is what the modules say of themselves.
func TestStandardsInReadme(t *testing.T) {
	var b strings.Builder
	b.WriteString("| standard | title | version | state |\n| --- | --- | --- | --- |\n")
	for _, s := range server.Specs() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.Number, s.Title, s.Version, s.Status)
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), tableBegin)
	is, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatal("README.md has no table of standards")
	}
	if is == b.String() {
		return
	}
	if !*update {
		t.Fatalf("the table of standards in README.md is not what the modules say; run go test ./internal/server -run Standards -update")
	}
	if err := os.WriteFile(readme, []byte(before+tableBegin+b.String()+tableEnd+after), 0o600); err != nil {
		t.Fatal(err)
	}
}
