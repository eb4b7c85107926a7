package main

import (
	"strings"
	"testing"
)

// TestSource: ten connections come from each address, however many there are.
func TestSource(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i := range 100_000 {
		a := source(i).String()
		if !strings.HasPrefix(a, "127.") {
			t.Fatalf("connection %d comes from %s", i, a)
		}
		seen[a]++
	}
	for a, n := range seen {
		if n != 10 {
			t.Fatalf("%d connections from %s", n, a)
		}
	}
}
