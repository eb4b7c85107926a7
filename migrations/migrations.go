// Package migrations holds the database schema as numbered SQL files, embedded
// in the program and applied by storage/sqlstore.
//
// A file is named NNNN_name.sql and serves both engines. Where the dialects
// force it, NNNN_name.postgres.sql and NNNN_name.sqlite.sql stand instead.
// Numbers are dense and start at 1. A released file is never changed: the next
// number changes the schema. Each file runs in one transaction.
//
// BYTEA, BOOLEAN and BIGINT are Postgres' words; SQLite takes any type name and
// keeps blobs, integers and texts as they were bound. COLLATE "C" (byte order)
// is dropped by the SQLite engine, where it is the default.
package migrations

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed *.sql
var files embed.FS

// Migration is one step of the schema.
type Migration struct {
	Version int
	Name    string // as "0001_accounts"
	SQL     string
}

// For returns the migrations of a dialect, "postgres" or "sqlite", in order:
// the one at index i has version i+1.
func For(dialect string) ([]Migration, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	var list []Migration
	for _, e := range entries {
		name, variant, _ := strings.Cut(strings.TrimSuffix(e.Name(), ".sql"), ".")
		if variant != "" && variant != dialect {
			continue
		}
		m, err := read(e.Name(), name)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, check(list)
}

func read(file, name string) (Migration, error) {
	number, _, _ := strings.Cut(name, "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		return Migration{}, fmt.Errorf("migrations: %s: the name must start with a number", file)
	}
	text, err := files.ReadFile(file)
	if err != nil {
		return Migration{}, fmt.Errorf("migrations: %w", err)
	}
	return Migration{Version: version, Name: name, SQL: string(text)}, nil
}

func check(list []Migration) error {
	slices.SortFunc(list, func(a, b Migration) int { return a.Version - b.Version })
	for i, m := range list {
		if m.Version != i+1 {
			return fmt.Errorf("migrations: %s stands where number %d is expected", m.Name, i+1)
		}
	}
	return nil
}
