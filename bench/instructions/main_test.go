package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func counts(version string, message float64) reference {
	return reference{version, map[string]float64{"routed-chat-message": message, "presence-notification": 500, "delivery-start-tag": 300}}
}

// More than the tolerance fails, less never does, and neither does another
// compiler.
func TestCompare(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		got, want reference
		fails     bool
	}{
		"the same":         {counts("go1", 10000), counts("go1", 10000), false},
		"at the tolerance": {counts("go1", 10300), counts("go1", 10000), false},
		"above":            {counts("go1", 10301), counts("go1", 10000), true},
		"below":            {counts("go1", 5000), counts("go1", 10000), false},
		"another compiler": {counts("go2", 20000), counts("go1", 10000), false},
		"not counted":      {counts("go1", 10000), reference{"go1", map[string]float64{}}, true},
	} {
		var out bytes.Buffer
		err := compare(&out, tt.got, tt.want, 3)
		if (err != nil) != tt.fails || !strings.Contains(out.String(), "routed-chat-message") {
			t.Errorf("%s: got %v\n%s", name, err, out.String())
		}
	}
}

func TestReferenceFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "reference")
	if _, err := readReference(path); err == nil || !strings.Contains(err.Error(), "-update") {
		t.Errorf("without a file: %v", err)
	}
	want := counts("go1.26.8", 15500)
	if err := want.write(path); err != nil {
		t.Fatal(err)
	}
	got, err := readReference(path)
	if err != nil || got.version != want.version || got.counts["routed-chat-message"] != 15500 {
		t.Errorf("got %v, %v", got, err)
	}
}

// The reference in the tree names all work.
func TestReferenceIsComplete(t *testing.T) {
	t.Parallel()
	r, err := readReference("reference.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range all {
		if r.counts[w.name] <= 0 {
			t.Errorf("%s is not in reference.txt", w.name)
		}
	}
}
