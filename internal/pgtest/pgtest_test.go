package pgtest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"parley/internal/pgtest"
)

// victimVariable makes the test binary start a server and wait to be killed.
const victimVariable = "PARLEY_PGTEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(victimVariable) != "" {
		s, err := pgtest.NewServer("")
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(s.Folder())
		select {}
	}
	goleak.VerifyTestMain(pgtest.Wrap(m))
}

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

// A test binary that was killed leaves no server, and its folder is gone after
// the next start.
func TestKilledOwner(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimVariable+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the victim said nothing")
	}
	folder := lines.Text()
	if _, err := os.Stat(filepath.Join(folder, "data", "postmaster.pid")); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	pgtest.New(t)
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", folder, err)
	}
}
