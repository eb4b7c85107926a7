package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/internal/pgtest"
	"parley/storage"
	"parley/storage/postgres"
	"parley/storage/sqlstore"
)

func migrated(t *testing.T, url string, accounts ...string) *sqlstore.Store {
	t.Helper()
	s, err := open(t.Context(), url)
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
	for _, jid := range accounts {
		if err := s.CreateAccount(t.Context(), jid, nil); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

const alice = "alice@localhost"

// appendTo stores a message for alice that waits for delivery.
func appendTo(t *testing.T, s *sqlstore.Store, name string) storage.Pending {
	m := storage.Message{Account: alice, ID: s.NewMessageID(), StanzaID: name}
	return s.AppendMessage(t.Context(), m, storage.Append{Undelivered: true})
}

// sender appends messages one after another until stop is closed and returns
// how many were confirmed. None may fail.
func sender(t *testing.T, s *sqlstore.Store, name string, stop <-chan struct{}, confirmed func()) int {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return i
		default:
		}
		if err := storage.Wait(t.Context(), appendTo(t, s, fmt.Sprintf("%s-%d", name, i))); err != nil {
			t.Error(err)
			return i
		}
		confirmed()
	}
}

// once checks that the account has n messages, each once.
func once(t *testing.T, s *sqlstore.Store, n int) {
	t.Helper()
	list, err := s.Undelivered(t.Context(), alice, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range list {
		if seen[m.StanzaID] {
			t.Errorf("%s stands twice", m.StanzaID)
		}
		seen[m.StanzaID] = true
	}
	if len(seen) != n {
		t.Errorf("%d messages, want %d", len(seen), n)
	}
}

// The database crashes and comes back, several times, in the middle of it all:
// every write is made, once, and nobody sees an error.
func TestServerCrash(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	s := migrated(t, server.Database(t), alice)
	const senders, rounds, between = 8, 3, 200
	stop, confirmed := make(chan struct{}), make(chan struct{}, 1000)
	counts := make([]int, senders)
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			counts[i] = sender(t, s, fmt.Sprint(i), stop, func() {
				select {
				case confirmed <- struct{}{}:
				default:
				}
			})
		})
	}
	for range rounds {
		for range between {
			<-confirmed
		}
		server.Kill()
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	once(t, s, total)
}

// Somebody ends our sessions on the server.
func TestSessionsEnded(t *testing.T) {
	t.Parallel()
	address := pgtest.URL(t)
	s := migrated(t, address, alice)
	admin, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	const n = 20
	for i := range n {
		_, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE application_name = 'parley' AND datname = current_database()`)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Account(t.Context(), alice); err != nil {
			t.Fatal(err)
		}
		if err := storage.Wait(t.Context(), appendTo(t, s, fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	once(t, s, n)
}

// The connection breaks around COMMIT: once before the server has seen it, once
// before we have seen the answer. Either way the message is stored once.
func TestConnectionLostInCommit(t *testing.T) {
	t.Parallel()
	for name, forward := range map[string]bool{"before the server saw it": false, "before the answer": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := pgtest.URL(t)
			proxy := newProxy(t, address)
			s := migrated(t, proxy.address, alice)
			const n = 10
			for i := range n {
				proxy.cut(forward)
				if err := storage.Wait(t.Context(), appendTo(t, s, fmt.Sprint(i))); err != nil {
					t.Fatal(err)
				}
			}
			if proxy.cuts() != n {
				t.Errorf("%d connections were cut, want %d", proxy.cuts(), n)
			}
			once(t, s, n)
		})
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	address := pgtest.URL(t)
	execute(t, address, "ALTER DATABASE "+name(t, address)+" SET synchronous_commit = off")
	if got := postgres.Setting(t, address, "synchronous_commit"); got != "on" {
		t.Errorf("synchronous_commit is %s", got)
	}
	if got := postgres.Setting(t, address, "application_name"); got != "parley" {
		t.Errorf("application_name is %s", got)
	}
}

// The server says that its disk is full, and then no more.
func TestFull(t *testing.T) {
	t.Parallel()
	address := pgtest.URL(t)
	s := migrated(t, address, alice)
	execute(t, address, `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql
		AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$`)
	execute(t, address, `CREATE TRIGGER full_disk BEFORE INSERT ON messages EXECUTE FUNCTION full_disk()`)
	write := func() error {
		m := storage.Message{Account: alice, ID: s.NewMessageID()}
		return storage.Wait(t.Context(), s.AppendMessage(t.Context(), m, storage.Append{}))
	}
	if err := write(); !errors.Is(err, storage.ErrFull) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("got %v", err)
	}
	execute(t, address, `DROP TRIGGER full_disk ON messages`)
	if err := write(); err != nil {
		t.Error(err)
	}
}

func name(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

func execute(t *testing.T, address, text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	execute(t, server.URL("postgres"), `CREATE USER locked PASSWORD 'right'`)
	execute(t, server.URL("postgres"), `CREATE USER guest`)
	execute(t, server.URL("postgres"), `REVOKE CREATE ON SCHEMA public FROM PUBLIC`)
	with := func(change func(*url.URL)) string {
		u, err := url.Parse(server.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		change(u)
		return u.String()
	}
	for name, test := range map[string]struct{ address, advice string }{
		"unreachable":         {"postgres://u@127.0.0.1:1/parley", "is PostgreSQL running"},
		"no such host":        {"postgres://u@parley.invalid/parley", "is PostgreSQL running"},
		"no address":          {"postgres://u@host:port/parley", "should read like"},
		"no database":         {server.URL("missing"), "createdb"},
		"wrong password":      {with(func(u *url.URL) { u.User = url.UserPassword("locked", "secret-wrong") }), "check the user name and password"},
		"no such user":        {with(func(u *url.URL) { u.User = url.User("stranger") }), "check the user name and password"},
		"not allowed to make": {with(func(u *url.URL) { u.User = url.User("guest") }), "GRANT CREATE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := open(t.Context(), test.address)
			if err == nil {
				_, err = s.Migrate(t.Context())
				s.Close()
			}
			if err == nil {
				t.Fatal("it opened")
			}
			t.Log(err)
			text := err.Error()
			if !strings.Contains(text, test.advice) || strings.Contains(text, "\n") || strings.Contains(text, "secret") {
				t.Errorf("got %q, want one line with %q", text, test.advice)
			}
		})
	}
}

// The database is gone for good: the write fails in the end, in bounded time,
// and Close does not hang.
func TestServerGone(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	s := migrated(t, server.Database(t), alice)
	server.Stop()
	p := appendTo(t, s, "")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	err := storage.Wait(t.Context(), p)
	if err == nil || !strings.Contains(err.Error(), "is PostgreSQL running") {
		t.Errorf("got %v", err)
	}
	if _, err := s.Account(t.Context(), alice); err == nil {
		t.Error("a closed store answers")
	}
}

// Who has to end does not wait for a database that is away.
func TestHurry(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	s := migrated(t, server.Database(t), alice)
	server.Stop()
	waiting := appendTo(t, s, "")
	s.Hurry()
	s.Hurry()
	// Well before the time for which a write is repeated.
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for _, p := range []storage.Pending{waiting, appendTo(t, s, "")} {
		if err := storage.Wait(ctx, p); err == nil || ctx.Err() != nil {
			t.Errorf("got %v", err)
		}
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if err := storage.Wait(ctx, appendTo(t, s, "a")); err != nil {
		t.Error(err)
	}
	once(t, s, 1)
}
