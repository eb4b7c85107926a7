package pgtest_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"parley/internal/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }

func query(t *testing.T, url, sql string) (value string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestURL(t *testing.T) {
	t.Parallel()
	one, two := pgtest.URL(t), pgtest.URL(t)
	a, b := query(t, one, `SELECT current_database()::text`), query(t, two, `SELECT current_database()::text`)
	if a == b {
		t.Errorf("two tests share the database %s", a)
	}
	if got := query(t, one, `SHOW server_encoding`); got != "UTF8" {
		t.Errorf("encoding %s", got)
	}
	if got := query(t, one, `SHOW fsync`); got != "on" {
		t.Errorf("fsync %s", got)
	}
}

// A server that was killed or stopped comes back with what was committed.
func TestServer(t *testing.T) {
	t.Parallel()
	var folder string
	t.Run("lives", func(t *testing.T) {
		s := pgtest.New(t)
		url := s.Database(t)
		query(t, url, `WITH x AS (SELECT 1) SELECT pg_advisory_lock(1)::text`)
		for _, end := range []func(){s.Kill, s.Stop} {
			end()
			if conn, err := pgx.Connect(t.Context(), url); err == nil {
				conn.Close(t.Context())
				t.Fatal("a stopped server answers")
			}
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			folder = query(t, url, `SHOW data_directory`)
		}
	})
	if left, err := filepath.Glob(filepath.Dir(folder)); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}
