package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"parley/internal/admin"
	"parley/internal/audit"
	"parley/internal/config"
	"parley/internal/server"
	"parley/storage/sqlstore"
)

// withStore opens the configured database for do.
func (c *command) withStore(ctx context.Context, do func(*config.Config, *sqlstore.Store) error) (err error) {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	// What went wrong is the command's error; the log would tell it twice.
	store, err := server.OpenStore(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(cfg, store)
}

// withAdmin brings the database up to date and acts on it. A server that runs
// on the same data folder is told of changes.
func (c *command) withAdmin(ctx context.Context, do func(*config.Config, *admin.Admin) error) error {
	return c.withStore(ctx, func(cfg *config.Config, store *sqlstore.Store) error {
		if err := c.prepare(ctx, cfg, store); err != nil {
			return err
		}
		return c.warn(do(cfg, admin.New(store, admin.Options{
			Domain:     cfg.Domain,
			Iterations: cfg.SASL.Iterations,
			DataDir:    cfg.DataDir,
			Changed: func(ctx context.Context, ch admin.Change) error {
				if cfg.Log.Audit != "" {
					server.RecordOperator(ctx, audit.Open(cfg.Log.Audit, c.logger(cfg)), ch)
				}
				return admin.Notify(ctx, cfg.DataDir, ch)
			},
		})))
	})
}

// prepare migrates, and says so when that makes a new database: an operator who
// is in the wrong folder would else not notice.
func (c *command) prepare(ctx context.Context, cfg *config.Config, store *sqlstore.Store) error {
	have, _, err := store.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if _, err := store.Migrate(ctx); err != nil {
		return err
	}
	if have == 0 {
		_, err = fmt.Fprintf(c.stderr, "parley: made a new database: %s\n", place(cfg))
	}
	return err
}

// warn keeps a change that only the running server does not know of from
// counting as failed.
func (c *command) warn(err error) error {
	var ne *admin.NotifyError
	if !errors.As(err, &ne) {
		return err
	}
	_, err = fmt.Fprintf(c.stderr, "parley: %s; sessions of the account may go on until it is restarted\n", oneLine(ne))
	return err
}
