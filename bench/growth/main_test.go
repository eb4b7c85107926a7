package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each size of each curve is a row; what there are too few descriptors for is
// left out, and said.
func TestRun(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "growth.csv")
	var said strings.Builder
	err := run(t.Context(), []string{"-out", file, "-only", "^(chat|paging)$", "-duration", "100ms",
		"-sessions", "4,100000000", "-rows", "70", "-cpus", "1,2"}, &said)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`chat,"sessions, all of them talking","CPU µs per message","1 CPU",4,`, `"2 CPUs",4,`,
		`paging,"messages in an archive","CPU µs per page of 50","1 CPU",70,`, `"2 CPUs, Postgres",70,`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%q is not in\n%s", want, b)
		}
	}
	if n := strings.Count(string(b), "\n"); n != 7 {
		t.Errorf("%d lines:\n%s", n, b)
	}
	if !strings.Contains(said.String(), "100000000 sessions are not measured") {
		t.Errorf("not said:\n%s", said.String())
	}
}

func TestBadSizes(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-sessions", "0"}, {"-rows", "many"}, {"-cpus", ""}, {"-only", "("}} {
		if err := run(t.Context(), args, t.Output()); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
