package postgres

import (
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
