package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"parley/internal/config"
	"parley/storage"
	"parley/storage/sqlstore"
)

func (c *command) dbCommand() *cobra.Command {
	return group("db", "Look after the database", c.dbMigrate(), c.dbStatus())
}

func (c *command) dbMigrate() *cobra.Command {
	return &cobra.Command{Use: "migrate", Short: "Bring the database up to date (the server does so at its start, too)", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return c.withStore(cmd.Context(), func(_ *config.Config, store *sqlstore.Store) error {
			applied, err := store.Migrate(cmd.Context())
			for _, name := range applied {
				fmt.Fprintln(c.stdout, "applied", name)
			}
			if err != nil {
				return err
			}
			_, want, err := store.SchemaVersion(cmd.Context())
			if err == nil {
				fmt.Fprintf(c.stdout, "The database is at version %d, as it should be.\n", want)
			}
			return err
		})
	}}
}

func (c *command) dbStatus() *cobra.Command {
	return &cobra.Command{Use: "status", Short: "Say where the database is and whether it is up to date", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		cfg, err := c.load()
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "Database: %s\n", place(cfg))
		if cfg.Database.URL == "" {
			if _, err := os.Stat(cfg.SQLitePath()); errors.Is(err, fs.ErrNotExist) {
				fmt.Fprintln(c.stdout, "Schema:   none; the first start makes it")
				return nil
			}
		}
		return c.withStore(cmd.Context(), func(_ *config.Config, store *sqlstore.Store) error {
			have, want, err := store.SchemaVersion(cmd.Context())
			if err != nil {
				return err
			}
			return c.printVersion(have, want)
		})
	}}
}

func (c *command) printVersion(have, want int) error {
	state := "up to date"
	switch {
	case have > want:
		return fmt.Errorf("%w: it is at version %d, this program knows %d; run a newer parley", storage.ErrTooNew, have, want)
	case have < want:
		state = fmt.Sprintf("version %d is current; the next start or `parley db migrate` brings it there", want)
	}
	_, err := fmt.Fprintf(c.stdout, "Schema:   version %d, %s\n", have, state)
	return err
}

// place names the database without its password.
func place(cfg *config.Config) string {
	if cfg.Database.URL == "" {
		return "SQLite, " + cfg.SQLitePath()
	}
	u, err := url.Parse(cfg.Database.URL)
	if err != nil {
		return "Postgres"
	}
	u.RawQuery = "" // may hold a password, too
	return "Postgres, " + u.Redacted()
}
