package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/pgtest"
	"parley/internal/server"
)

// TestSpawn starts a server of its own on both engines, and leaves nothing
// behind but the profile.
func TestSpawn(t *testing.T) {
	database := pgtest.URL(t) // before TMPDIR: its folder is another user's
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("PARLEY_DOMAIN", "of.another.server") // is not taken over
	for name, args := range map[string][]string{
		"SQLite":   {"-transport", "ws"},
		"Postgres": {"-transport", "tcp", "-postgres", database},
	} {
		profile := filepath.Join(t.TempDir(), "cpu")
		r, err := load(t, append([]string{"chat", "-spawn", "-pairs", "2", "-warmup", "10ms", "-count", "50", "-cpuprofile", profile, "-quiet"}, args...)...)
		if err != nil || r.Ops != 50 || !r.Measured {
			t.Errorf("%s: %d operations, %v", name, r.Ops, err)
		}
		if strings.Contains(r.Command, "postgres://") {
			t.Errorf("%s: the report shows the database's address: %s", name, r.Command)
		}
		if info, err := os.Stat(profile); err != nil || info.Size() == 0 {
			t.Errorf("%s: no profile: %v", name, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "parley-bench-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if n := accountsIn(t, database); n > 0 {
		t.Errorf("%d accounts are left in the database", n)
	}
}

func accountsIn(t *testing.T, database string) int {
	t.Helper()
	cfg, err := config.Load([]string{"PARLEY_DATABASE_URL=" + database}, "")
	if err != nil {
		t.Fatal(err)
	}
	store, err := server.OpenStore(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	all, err := store.Accounts(context.Background(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// TestServerThatDoesNotStart: the reason is shown, and nothing stays behind.
func TestServerThatDoesNotStart(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	_, err := load(t, "login", "-spawn", "-parley", "/bin/false", "-quiet")
	if err == nil || !strings.Contains(err.Error(), "ended while it started") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
