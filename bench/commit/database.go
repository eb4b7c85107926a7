package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"parley/internal/pgtest"
	"parley/storage/postgres"
	"parley/storage/sqlite"
	"parley/storage/sqlstore"
)

// database is where one engine keeps things while it is measured. Postgres runs
// below this process, so that its CPU time counts.
type database struct {
	open   func(ctx context.Context) (*sqlstore.Store, error)
	remove func()
}

func start(engine, folder string) (database, error) {
	switch engine {
	case "postgres":
		return startPostgres(folder)
	case "sqlite":
		return startSQLite(folder)
	}
	return database{}, fmt.Errorf("unknown engine; there are postgres and sqlite")
}

func startPostgres(parent string) (database, error) {
	server, err := pgtest.NewServer(parent)
	if err != nil {
		return database{}, err
	}
	return database{
		open: func(ctx context.Context) (*sqlstore.Store, error) {
			return postgres.Open(ctx, server.URL("postgres"), postgres.Options{})
		},
		remove: server.Remove,
	}, nil
}

func startSQLite(parent string) (database, error) {
	folder, err := os.MkdirTemp(parent, "parley-commit-")
	if err != nil {
		return database{}, err
	}
	return database{
		open: func(ctx context.Context) (*sqlstore.Store, error) {
			return sqlite.Open(ctx, filepath.Join(folder, "parley.db"), sqlite.Options{})
		},
		remove: func() { _ = os.RemoveAll(folder) },
	}, nil
}
