package postgres

import (
	"strings"
	"testing"

	"parley/storage/sqlstore"
)

// Setting reads a setting of one of the engine's connections.
func Setting(t *testing.T, url, name string) (value string) {
	t.Helper()
	e, err := open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	err = e.Query(t.Context(), func(scan sqlstore.Scan) error { return scan(&value) },
		`SELECT current_setting($1)`, name)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// Explain returns the plan of a query and what it did, on a connection of its
// own, as it is made for a prepared statement.
func Explain(t *testing.T, url, query string, args ...any) string {
	t.Helper()
	e, err := open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var b strings.Builder
	err = e.Query(t.Context(), func(scan sqlstore.Scan) error {
		var line string
		err := scan(&line)
		b.WriteString(line + "\n")
		return err
	}, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS) "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
