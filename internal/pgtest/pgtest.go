// Package pgtest gives tests a real PostgreSQL.
//
// URL returns the address of a fresh, empty database, for one test alone. It
// lives in a private server that the first caller starts from the installed
// server binaries, in a temporary folder, once per test binary; or in the
// server named by PARLEY_TEST_POSTGRES, whose user must be allowed to create
// databases. Nothing is ever skipped: without a server the test fails and says
// what to install.
//
// A package that uses URL says so in its TestMain, so that the server is
// stopped and its folder removed in the end:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }
//
// If the test binary panics or is killed the server goes down with it, and the
// folder is removed by the next run. New starts a server for tests that need to
// stop and kill one.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Variable names the environment variable with the address of a server to use
// instead of a private one.
const Variable = "PARLEY_TEST_POSTGRES"

// adminTimeout bounds making or dropping a database.
const adminTimeout = 60 * time.Second

// shared is the test binary's server.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// databases numbers the databases of this process.
var databases atomic.Int64

// TestingM is the part of *testing.M that Wrap needs.
type TestingM interface{ Run() int }

// Wrap returns m with the shared server stopped after it ran.
func Wrap(m TestingM) TestingM { return wrapped{m} }

type wrapped struct{ m TestingM }

// Run implements TestingM.
func (w wrapped) Run() int {
	// The folder goes even if a test calls for a panic.
	defer stopShared()
	return w.m.Run()
}

func stopShared() {
	if shared.server != nil {
		shared.server.Remove()
	}
}

// URL returns the address of a new, empty database that is dropped when the
// test ends.
func URL(t testing.TB) string {
	t.Helper()
	admin := os.Getenv(Variable)
	if admin == "" {
		shared.once.Do(func() { shared.server, shared.err = NewServer("") })
		if shared.err != nil {
			t.Fatalf("pgtest: %v", shared.err)
		}
		admin = shared.server.URL("postgres")
	}
	return database(t, admin)
}

// database makes a database on the server at admin.
func database(t testing.TB, admin string) string {
	t.Helper()
	name := fmt.Sprintf("parley_test_%d_%d", os.Getpid(), databases.Add(1))
	if err := execute(admin, "CREATE DATABASE "+name+" ENCODING 'UTF8' TEMPLATE template0"); err != nil {
		t.Fatalf("pgtest: create a database: %v", err)
	}
	t.Cleanup(func() {
		if err := execute(admin, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: drop the database: %v", err)
		}
	})
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatalf("pgtest: %s should read like postgres://user@host/postgres: %v", Variable, err)
	}
	u.Path = "/" + name
	return u.String()
}

// Execute runs one statement on a connection of its own, with the rights of
// the server's owner.
func (s *Server) Execute(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// execute runs one statement on a connection of its own.
func execute(url, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), adminTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}
