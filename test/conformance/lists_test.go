package conformance

import (
	"os"
	"strings"
	"testing"
)

// TestLists: every limit and every danger names tests that exist, and every limit
// a key with its default; no limit of the configuration is without a row.
func TestLists(t *testing.T) {
	t.Parallel()
	known, err := findTests("../..")
	if err != nil {
		t.Fatal(err)
	}
	have := readSettings(readText(t, "../../docs/configuration.md"))
	for _, p := range checkLimits(readText(t, "limits.txt"), known, have) {
		t.Errorf("limits.txt:%s", p)
	}
	for _, p := range checkDangers(readText(t, "dangers.txt"), known) {
		t.Errorf("dangers.txt:%s", p)
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestCheckLists: what such a table can do wrong is noticed.
func TestCheckLists(t *testing.T) {
	t.Parallel()
	known := &tests{
		functions: map[string]map[string]bool{"c2s": {"TestA": true}}, cases: map[string]map[string]bool{"c2s": {}},
		transcripts: map[string]bool{},
	}
	have := readSettings("| Key | Variable | Default |\n| `limits.size` | `X` | `1KiB` | text |\n| `muc.people` | `Y` | `5` | text |\n")
	for name, c := range map[string]struct{ row, want string }{
		"good":          {"size | size | 1KiB | c2s.TestA", ""},
		"fixed":         {"part | - | 1023 | c2s.TestA\nsize | size | 1KiB | c2s.TestA", ""},
		"later":         {"people | muc.people | 5 | later: soon\nsize | size | 1KiB | c2s.TestA", ""},
		"no row":        {"people | muc.people | 5 | c2s.TestA", "no row for limits.size"},
		"other default": {"size | size | 2KiB | c2s.TestA", "by default"},
		"no key":        {"size | sise | 1KiB | c2s.TestA", "no such key"},
		"no test":       {"size | size | 1KiB | c2s.TestB", "no such test"},
		"no reason":     {"size | size | 1KiB | later:", "no reason"},
		"too few":       {"size | size | c2s.TestA", "want 4 columns"},
	} {
		got := strings.Join(checkLimits(c.row, known, have), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	for row, want := range map[string]string{"a | c2s.TestA": "", "a | c2s.TestB": "no such test", "a": "want 2 columns", "a | ": "no test"} {
		got := strings.Join(checkDangers(row, known), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", row, got, want)
		}
	}
}
