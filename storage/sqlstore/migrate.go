package sqlstore

import (
	"context"
	"fmt"
	"time"

	"parley/migrations"
	"parley/storage"
)

const versionTable = "schema_migrations"

// Migrate brings the schema up to date and returns the names of the migrations
// it applied. Each runs in its own transaction, together with its row in the
// version table and under a lock, so several nodes may start at once. A schema
// that is newer than this program is refused with storage.ErrTooNew.
func (s *Store) Migrate(ctx context.Context) (applied []string, err error) {
	all, err := migrations.For(s.engine.Dialect())
	if err != nil {
		return nil, fmt.Errorf("sqlstore: migrate: %w", err)
	}
	for {
		name, err := s.migrateOne(ctx, all)
		if err != nil {
			return applied, s.wrap("migrate", err)
		}
		if name == "" {
			return applied, s.wrap("migrate", s.loadMessageID(ctx))
		}
		applied = append(applied, name)
	}
}

// migrateOne applies the next migration and returns its name, or nothing if the
// schema is up to date. Everything is decided under the lock: another node may
// have migrated a moment ago.
func (s *Store) migrateOne(ctx context.Context, all []migrations.Migration) (string, error) {
	if have, want, err := s.schemaVersion(ctx, all); err != nil || have >= want {
		return "", tooNew(have, want, err)
	}
	tx, err := s.engine.BeginMigration(ctx)
	if err != nil {
		return "", err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	have, err := lockedVersion(ctx, tx)
	if err != nil {
		return "", err
	}
	if have >= len(all) {
		return "", tooNew(have, len(all), nil)
	}
	next := all[have]
	if err := apply(ctx, tx, next); err != nil {
		return "", fmt.Errorf("%s: %w", next.Name, err)
	}
	return next.Name, nil
}

func tooNew(have, want int, err error) error {
	if err == nil && have > want {
		return fmt.Errorf("%w: it is at version %d, this program knows %d; run a newer parley",
			storage.ErrTooNew, have, want)
	}
	return err
}

func lockedVersion(ctx context.Context, tx Tx) (int, error) {
	err := tx.Script(ctx, `CREATE TABLE IF NOT EXISTS `+versionTable+` (
		version BIGINT PRIMARY KEY,
		name    TEXT NOT NULL,
		applied BIGINT NOT NULL)`)
	if err != nil {
		return 0, err
	}
	return readVersion(ctx, tx)
}

func readVersion(ctx context.Context, q Queryer) (have int, err error) {
	err = q.Query(ctx, func(scan Scan) error { return scan(&have) },
		`SELECT COALESCE(MAX(version), 0) FROM `+versionTable)
	return have, err
}

func apply(ctx context.Context, tx Tx, m migrations.Migration) error {
	if err := tx.Script(ctx, m.SQL); err != nil {
		return err
	}
	if err := record(ctx, tx, m); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

func record(ctx context.Context, tx Tx, m migrations.Migration) error {
	_, err := tx.Exec(ctx, `INSERT INTO `+versionTable+` (version, name, applied) VALUES ($1, $2, $3)`,
		m.Version, m.Name, fromTime(time.Now()))
	return err
}

// SchemaVersion tells at which version the database is, 0 when it is empty, and
// which one this program wants.
func (s *Store) SchemaVersion(ctx context.Context) (have, want int, err error) {
	all, err := migrations.For(s.engine.Dialect())
	if err != nil {
		return 0, 0, fmt.Errorf("sqlstore: schema version: %w", err)
	}
	have, want, err = s.schemaVersion(ctx, all)
	return have, want, s.wrap("schema version", err)
}

func (s *Store) schemaVersion(ctx context.Context, all []migrations.Migration) (have, want int, err error) {
	exists, err := s.engine.HasTable(ctx, versionTable)
	if err != nil || !exists {
		return 0, len(all), err
	}
	have, err = readVersion(ctx, s.engine)
	return have, len(all), err
}
