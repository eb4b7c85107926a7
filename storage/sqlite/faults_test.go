package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"parley/storage"
	"parley/storage/sqlite"
	"parley/storage/sqlstore"
)

// commandVariable makes the test binary a second program that adds accounts to
// the database it names.
const commandVariable = "PARLEY_SQLITE_COMMAND"

func command() {
	path := os.Getenv(commandVariable)
	if path == "" {
		return
	}
	if err := addAccounts(context.Background(), path); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

const commandAccounts = 20

func addAccounts(ctx context.Context, path string) error {
	s, err := open(ctx, path)
	if err != nil {
		return err
	}
	for i := range commandAccounts {
		if err := s.CreateAccount(ctx, fmt.Sprintf("user%d@localhost", i), nil); err != nil {
			return err
		}
	}
	return s.Close()
}

// As `parley user add` beside a running, busy server.
func TestSecondProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "parley.db")
	s := migrated(t, path)
	if err := s.CreateAccount(t.Context(), "alice@localhost", nil); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				m := storage.Message{Account: "alice@localhost", ID: s.NewMessageID()}
				p := s.AppendMessage(t.Context(), m, storage.Append{Undelivered: true})
				if err := storage.Wait(t.Context(), p); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 3 { // a second and a third command find the accounts there
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), commandVariable+"="+path)
		out, err := cmd.CombinedOutput()
		if err != nil && !strings.Contains(string(out), storage.ErrConflict.Error()) {
			t.Errorf("%v: %s", err, out)
		}
	}
	close(stop)
	wg.Wait()
	list, err := s.Accounts(t.Context(), "", "", 0)
	if err != nil || len(list) != commandAccounts+1 {
		t.Errorf("%d accounts, %v", len(list), err)
	}
}

func migrated(t *testing.T, path string) *sqlstore.Store {
	t.Helper()
	s, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Another program holds the write lock for longer than a statement waits: the
// write is repeated and made in the end.
func TestBusy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "parley.db")
	log := newLog()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Logger: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	made := make(chan error, 1)
	go func() { made <- s.CreateAccount(t.Context(), "alice@localhost", nil) }()
	if line := log.next(t); !strings.Contains(line, "write repeated") {
		t.Errorf("logged %q", line)
	}
	if _, err := s.Accounts(t.Context(), "", "", 0); err != nil {
		t.Errorf("reading beside a writer: %v", err)
	}
	if _, err := db.Exec("COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := <-made; err != nil {
		t.Error(err)
	}
}

func TestFileMode(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	migrated(t, filepath.Join(folder, "parley.db"))
	found := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found++
		info, err := d.Info()
		if err == nil && info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", d.Name(), info.Mode())
		}
		return err
	})
	if err != nil || found != 3 {
		t.Errorf("%d files, %v; want the database, its log and the log's index", found, err)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info.Mode(), err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	// Every character that means something in a URI stands for itself.
	path := filepath.Join(t.TempDir(), "a b?c#d%20e&f=ü'", "parley.db")
	migrated(t, path)
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000",
	} {
		if got := sqlite.WriterPragma(t, path, pragma); got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("This is no database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ path, advice string }{
		"not a database":    {text, "is no SQLite database"},
		"a folder":          {folder, "choose another path"},
		"below a file":      {filepath.Join(text, "parley.db"), "not a directory; make the folder"},
		"unwritable folder": {unwritable(t), "writable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := open(t.Context(), test.path)
			if err == nil {
				s.Close()
				t.Fatal("it opened")
			}
			t.Log(err)
			if !strings.Contains(err.Error(), test.advice) || strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("got %q, want one line with %q", err, test.advice)
			}
		})
	}
}

// unwritable names a file in a folder that not even root can write to.
func unwritable(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		folder := t.TempDir()
		if err := os.Chmod(folder, 0o500); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(folder, "parley.db")
	}
	return "/proc/self/parley.db"
}

// The writer is stopped and another program opens the file, as after a crash of
// the server alone.
func TestOpenBesideStopped(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "parley.db")
	if err := migrated(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PARLEY_STORAGETEST_CHILD="+path, "PARLEY_STORAGETEST_ROUND=0")
	s := migrated(t, path)
	if err := s.CreateAccount(t.Context(), "alice@localhost", nil); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if !bufio.NewScanner(out).Scan() { // it writes
		t.Fatal("the other program wrote nothing")
	}
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Accounts(t.Context(), "", "", 0); err != nil {
		t.Errorf("reading: %v", err)
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateAccount(t.Context(), "bob@localhost", nil); err != nil {
		t.Error(err)
	}
}

// Several programs open and migrate the same new file at the same moment.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	for range 10 {
		path := filepath.Join(t.TempDir(), "parley.db")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				s, err := open(t.Context(), path)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := s.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}
