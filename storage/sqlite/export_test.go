package sqlite

import (
	"testing"

	"parley/storage/sqlstore"
)

// WriterPragma reads a setting of a fresh writing connection.
func WriterPragma(t *testing.T, path, name string) (value string) {
	t.Helper()
	e, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	tx, err := e.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	err = tx.Query(t.Context(), func(scan sqlstore.Scan) error { return scan(&value) }, "PRAGMA "+name)
	if err != nil {
		t.Fatal(err)
	}
	return value
}
