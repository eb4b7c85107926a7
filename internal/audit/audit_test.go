package audit_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/audit"
)

// TestFile: one JSON line for each event, readable by the server's user alone,
// and a new file when the old one was moved away.
func TestFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "audit.json")
	var log bytes.Buffer
	trail := audit.Open(file, slog.New(slog.NewTextHandler(&log, nil)))
	trail.Record(t.Context(), audit.PasswordChanged, "alice@localhost", audit.Operator)
	trail.Record(t.Context(), audit.AccountRemoved, "bob@localhost", "bob@localhost/x", "n", 1)
	lines := read(t, file)
	if len(lines) != 2 || lines[0]["msg"] != audit.PasswordChanged || lines[0]["account"] != "alice@localhost" ||
		lines[0]["by"] != audit.Operator || lines[1]["n"] != 1.0 {
		t.Errorf("got %v", lines)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v and %v", info, err)
	}
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	trail.Record(t.Context(), audit.AccountRemoved, "carol@localhost", audit.Operator)
	if lines := read(t, file); len(lines) != 1 {
		t.Errorf("got %v in the new file", lines)
	}
	if log.Len() > 0 {
		t.Errorf("the log says %s", log.String())
	}
}

func read(t *testing.T, file string) (lines []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, m)
	}
	return lines
}

// TestWithoutFile: what no file takes stands in the log.
func TestWithoutFile(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"none": "", "cannot be written": filepath.Join(t.TempDir(), "missing", "audit")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			audit.Open(file, slog.New(slog.NewTextHandler(&log, nil))).Record(t.Context(), audit.Reported, "eve@localhost", "alice@localhost")
			if got := log.String(); !strings.Contains(got, "msg=reported module=audit account=eve@localhost by=alice@localhost") ||
				strings.Contains(got, "ERROR") != (file != "") {
				t.Errorf("got %s", got)
			}
		})
	}
}
