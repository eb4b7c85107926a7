package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"parley/bench/workload"
)

// build makes the programs that a comparison starts.
func build(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	for name, pkg := range map[string]string{"parley": "parley/cmd/parley", "floor": "parley/bench/floor"} {
		if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, name), pkg).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return bin
}

// A run measures each target, keeps every result, prints a table, and leaves
// nothing behind.
func TestRun(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	file := filepath.Join(os.Getenv("TMPDIR"), "results.jsonl")
	var out bytes.Buffer
	args := []string{"-bin", build(t), "-targets", "floor,parley", "-only", "^(chat|rate|idle)$", "-rounds", "2", "-duration", "200ms", "-sessions", "20", "-json", file}
	if err := run(t.Context(), args, &out, t.Output()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| workload | floor: bare relay | Parley |", "| chat, closed loop: CPU µs per message |", "| idle session: RSS kB |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the table:\n%s", want, out.String())
		}
	}
	var again bytes.Buffer
	if err := run(t.Context(), []string{"-table", file}, &again, t.Output()); err != nil || again.String() != out.String() {
		t.Errorf("the table of the file differs: %v\n%s", err, again.String())
	}
	left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "parley-compare-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A server that does not start, or ends, is an error of its own; the others are
// measured.
func TestServerThatDoesNotStart(t *testing.T) {
	bin := build(t)
	if err := os.WriteFile(filepath.Join(bin, "floor"), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := run(t.Context(), []string{"-bin", bin, "-targets", "floor,parley", "-only", "^chat$", "-rounds", "1", "-duration", "100ms"}, &out, t.Output())
	if err == nil || !strings.Contains(err.Error(), "floor, plain: floor does not start: it ended at its start") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(out.String(), "| workload | Parley |") {
		t.Errorf("Parley was not measured:\n%s", out.String())
	}
}

func TestBadCommandLines(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"is not installed":  {"-bin", t.TempDir(), "-targets", "parley"},
		`there is no "irc"`: {"-targets", "irc"},
		"bad arguments":     {"-rounds", "0"},
		"error parsing":     {"-only", "("},
		"descriptors":       {"-sessions", "100000000"},
		"no such file":      {"-table", "/nowhere"},
	} {
		var out bytes.Buffer
		if err := run(t.Context(), args, &out, t.Output()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", args, err, want)
		}
	}
}

// Medians, ratios, and what fails.
func TestTable(t *testing.T) {
	t.Parallel()
	chat := func(target string, cpu float64) record {
		return record{Target: target, Line: "chat", Result: workload.Result{Ops: 1_000_000, Seconds: 1, ServerCPU: cpu}}
	}
	stored := func(target string, perSecond int64) record {
		return record{Target: target, Line: "archive", Result: workload.Result{Ops: perSecond, Seconds: 1, ServerCPU: 1}}
	}
	all := []record{
		chat("parley", 10), chat("parley", 500), chat("parley", 12), chat("floor", 10), chat("prosody", 90), chat("prosody", 110),
		chat("ejabberd", 150), stored("parley", 15000), stored("prosody", 300), {Target: "ejabberd", Line: "archive", Error: "lost"},
	}
	var out bytes.Buffer
	table(&out, all)
	for _, want := range []string{
		"| chat, closed loop: CPU µs per message | 100.0 | 150.0 | 10.0 | 12.0 | ≤ 12 | 8.3 | 1.20 |",
		"| archive on Postgres, fsync on: messages/s | 300 | fails | – | 15000 | ≥ 15,000 | 50.0 | – |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the table:\n%s", want, out.String())
		}
	}
}
