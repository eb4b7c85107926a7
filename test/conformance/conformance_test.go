package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTables: every row says which tests show the rule, and they exist.
func TestTables(t *testing.T) {
	t.Parallel()
	known, err := findTests("../..")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("rfc*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range check(string(text), known) {
				t.Errorf("%s:%s", file, p)
			}
		})
	}
}

// TestCheck: what a table can do wrong is noticed.
func TestCheck(t *testing.T) {
	t.Parallel()
	known := &tests{
		functions:   map[string]map[string]bool{"c2s": {"TestA": true}, "test/conformance": {"TestB": true}},
		cases:       map[string]map[string]bool{"c2s": {"a case": true}},
		transcripts: map[string]bool{"stream_open": true},
	}
	cases := map[string]struct{ row, want string }{
		"good":                      {"1.2 | MUST | do it | c2s.TestA; c2s.TestA/a case; transcript stream_open; conformance.TestB", ""},
		"does not apply":            {"A.1 | SHOULD NOT | do it | n/a: there is none", ""},
		"done otherwise":            {"1 | MUST | do it | otherwise: because; c2s.TestA", ""},
		"comment":                   {"# 1 Streams", ""},
		"otherwise without a test":  {"1 | MUST | do it | otherwise: because", "no test"},
		"otherwise without reason":  {"1 | MUST | do it | otherwise:; c2s.TestA", "no reason"},
		"n/a without reason":        {"1 | MUST | do it | n/a:", "no reason"},
		"no test":                   {"1 | MUST | do it | ", "no test"},
		"too few columns":           {"1 | MUST | do it", "want 4 columns"},
		"no section":                {"x | MUST | do it | c2s.TestA", "section"},
		"other level":               {"1 | OUGHT | do it | c2s.TestA", "level"},
		"no rule":                   {"1 | MUST |  | c2s.TestA", "no rule"},
		"test that is not there":    {"1 | MUST | do it | c2s.TestX", "no such test"},
		"package that is not there": {"1 | MUST | do it | c3s.TestA", "no such test"},
		"case that is not there":    {"1 | MUST | do it | c2s.TestA/another case", "no such case"},
		"no transcript":             {"1 | MUST | do it | transcript stream_shut", "no such transcript"},
		"not a test":                {"1 | MUST | do it | soon", "no such test"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(check(c.row, known), "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := check("1 | MUST | do it | c2s.TestA\n1 | MUST | do it | c2s.TestA", known); len(got) != 1 {
		t.Errorf("the same row twice: %q", got)
	}
}
