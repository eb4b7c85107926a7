package sqlite_test

import (
	"path/filepath"
	"strings"
	"testing"

	"parley/storage/sqlite"
	"parley/storage/storagetest"
)

// Every query of the archive is a walk along an index.
func TestPlans(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "parley.db")
	explain := func(t *testing.T, sql string, args ...any) string { return sqlite.Explain(t, path, sql, args...) }
	storagetest.Plans(t, migrated(t, path), explain, func(plan string) string {
		for line := range strings.Lines(plan) {
			// What is scanned may only be the outcome of a query inside.
			if strings.HasPrefix(line, "SCAN ") && !strings.HasPrefix(line, "SCAN l") || strings.Contains(line, "TEMP B-TREE") {
				return line
			}
		}
		return ""
	})
}
