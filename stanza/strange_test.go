package stanza_test

import (
	"os"
	"path/filepath"
	"testing"

	"parley/stanza"
)

// TestStrange scans documents that look wrong and are not: each is accepted, as
// expat reads it, from a message and from a stream, and survives writing.
func TestStrange(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/strange/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var s stanza.Scanner
			var v stanza.View
			if err := s.Scan(doc, &v); err != nil {
				t.Fatal(err)
			}
			tree := v.Tree()
			agree(t, doc, tree)
			checkView(t, doc, &v)
			checkRoundTrip(t, tree)
			checkAgainstScan(t, doc)
			checkCuts(t, []byte(streamHeader+string(doc)), stanza.Limits{})
		})
	}
}
