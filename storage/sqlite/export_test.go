package sqlite

import (
	"fmt"
	"strings"
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

// OpenSmall opens a database that is full at so many pages, if pages is not 0.
func OpenSmall(t *testing.T, path string, pages int) *sqlstore.Store {
	t.Helper()
	e, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if pages > 0 {
		tx, err := e.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = tx.Query(t.Context(), func(scan sqlstore.Scan) error { return scan(new(int)) },
			fmt.Sprintf("PRAGMA max_page_count(%d)", pages))
		if tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return sqlstore.New(e, sqlstore.Options{})
}

// Explain returns the plan of a query, on a connection of its own.
func Explain(t *testing.T, path, query string, args ...any) string {
	t.Helper()
	e, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var b strings.Builder
	err = e.Query(t.Context(), func(scan sqlstore.Scan) error {
		var id, parent, unused int
		var detail string
		err := scan(&id, &parent, &unused, &detail)
		b.WriteString(detail + "\n")
		return err
	}, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Readers is the number of reading connections.
const Readers = readers

// OpenEngine opens the database by itself, until the test ends.
func OpenEngine(t *testing.T, path string) sqlstore.Engine {
	t.Helper()
	e, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}
