package sqlstore

import (
	"context"

	"parley/migrations"
)

// MarkVersion is for tests: it pretends that a later program migrated the
// database to a version.
func MarkVersion(ctx context.Context, s *Store, version int) error {
	return s.do(ctx, "mark version", "", func(ctx context.Context, tx Tx) error {
		return record(ctx, tx, migrations.Migration{Version: version, Name: "of a later program"})
	})
}

// LimitBatch is for tests: at most n writes share a transaction from now on.
func LimitBatch(s *Store, n int) {
	s.commits.mu.Lock()
	defer s.commits.mu.Unlock()
	s.commits.limit = n
}

// Queued is for tests: so many writes wait now.
func Queued(s *Store) int { return len(s.commits.slots) }

// Record is for tests: it returns the queries outside of transactions that run
// makes. Nothing else may use the store meanwhile.
func Record(s *Store, run func()) []Statement {
	engine := s.engine
	defer func() { s.engine = engine }()
	r := &recorder{Engine: engine}
	s.engine = r
	run()
	return r.queries
}

type recorder struct {
	Engine
	queries []Statement
}

// Query implements Queryer.
func (r *recorder) Query(ctx context.Context, row func(Scan) error, sql string, args ...any) error {
	r.queries = append(r.queries, Statement{SQL: sql, Args: args})
	return r.Engine.Query(ctx, row, sql, args...)
}

// MigrateTo is for tests: it migrates to a version and not beyond.
func MigrateTo(ctx context.Context, s *Store, version int) error {
	all, err := migrations.For(s.engine.Dialect())
	if err != nil {
		return err
	}
	for {
		if name, err := s.migrateOne(ctx, all[:version]); err != nil || name == "" {
			return err
		}
	}
}

// Execute is for tests: it runs a statement of an older schema.
func Execute(ctx context.Context, s *Store, sql string, args ...any) error {
	return s.do(ctx, "execute", "", func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}

// FindDepth is for tests: how many messages FindMessage looks through.
const FindDepth = findFar
