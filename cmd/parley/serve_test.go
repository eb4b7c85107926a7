package main_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"parley/internal/pgtest"
	"parley/storage/sqlite"
	"parley/storage/sqlstore"
)

var demoLine = regexp.MustCompile(`((?:alice|bob)@localhost) +password: (\S+)`)

// The first start makes the demo users; they are the same after a restart and
// after a kill.
func TestServe(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.start()
	users := demoLine.FindAllStringSubmatch(first.greets, -1)
	if len(users) != 2 || !strings.Contains(first.greets, "http://localhost:") {
		t.Fatalf("got\n%s", first.greets)
	}
	for _, u := range users {
		s.checkLogin(u[1], u[2])
	}
	info, err := os.Stat(filepath.Join(s.dir, "data", "demo-users.txt"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("demo-users.txt: %v, %v", info, err)
	}
	if code := first.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("SIGTERM: exit code %d\n%s", code, first.log)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "data", "admin.json")); !os.IsNotExist(err) {
		t.Errorf("admin.json is left: %v", err)
	}
	second := s.start("serve")
	if err := second.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	second.log.wait(t, "certificate reloaded")
	second.stop(syscall.SIGKILL)
	s.ok("", "user", "disable", "bob") // the killed server left admin.json
	third := s.start("serve")
	defer third.stop(syscall.SIGINT)
	if again := demoLine.FindAllString(third.greets, -1); len(again) != 1 || again[0] != users[0][0] {
		t.Errorf("got %q, want %q", again, users[0][0])
	}
}

func TestServeWithoutDemo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.start("serve", "--no-demo")
	if strings.Contains(r.greets, "alice") || s.ok("", "user", "list") != "" {
		t.Errorf("there are users:\n%s", r.greets)
	}
	r.stop(syscall.SIGINT)
	public := newSite(t, "PARLEY_DOMAIN=chat.example.org")
	r = public.start()
	defer r.stop(syscall.SIGINT)
	if strings.Contains(r.greets, "alice") {
		t.Errorf("demo users in public:\n%s", r.greets)
	}
}

// Everything that can be wrong at the start is one line that says what to do.
func TestServeFailures(t *testing.T) {
	t.Parallel()
	t.Run("busy port", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		s := newSite(t, "PARLEY_LOG_LEVEL=error", "PARLEY_C2S_ADDR="+l.Addr().String())
		s.fails("choose another address with PARLEY_C2S_ADDR", "")
	})
	t.Run("data folder", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, "PARLEY_LOG_LEVEL=error")
		s.env = append(s.env, "PARLEY_DATA_DIR="+s.write("a-file", ""))
		s.fails("PARLEY_DATA_DIR", "")
		s.fails("PARLEY_DATA_DIR", "x", "user", "add", "carol", "--password-file", "-")
	})
	t.Run("unreachable database", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, "PARLEY_LOG_LEVEL=error", "PARLEY_DATABASE_URL=postgres://u:hunter2@127.0.0.1:1/parley")
		s.fails("is PostgreSQL running", "")
		if _, errs, _ := s.run("", "db", "migrate"); strings.Contains(errs, "hunter2") {
			t.Errorf("the password is shown: %s", errs)
		}
	})
	t.Run("unknown database", func(t *testing.T) {
		t.Parallel()
		url := pgtest.URL(t)
		s := newSite(t, "PARLEY_LOG_LEVEL=error", "PARLEY_DATABASE_URL="+strings.Replace(url, "/parley_test_", "/no_parley_test_", 1))
		s.fails("createdb", "")
	})
	t.Run("configuration", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		s.fails("bad.yaml:1:1: there is no domian; did you mean domain?", "", "--config", s.write("bad.yaml", "domian: x\n"))
	})
	t.Run("certificate", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, "PARLEY_LOG_LEVEL=error", "PARLEY_TLS_CERT_FILE=none.crt", "PARLEY_TLS_KEY_FILE=none.key")
		s.fails("tls.cert_file", "")
	})
	t.Run("newer database", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, "PARLEY_LOG_LEVEL=error")
		s.ok("", "db", "migrate")
		markNewer(t, filepath.Join(s.dir, "data", "parley.db"))
		for _, args := range [][]string{nil, {"db", "migrate"}, {"db", "status"}, {"user", "list"}} {
			s.fails("run a newer parley", "", args...)
		}
	})
}

func markNewer(t *testing.T, path string) {
	t.Helper()
	ctx := context.Background()
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := sqlstore.MarkVersion(ctx, store, 9999); err != nil {
		t.Fatal(err)
	}
}
