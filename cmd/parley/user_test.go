package main_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/pgtest"
	"parley/internal/sasl"
	"parley/internal/server"
)

// onBoth runs test over SQLite and Postgres.
func onBoth(t *testing.T, test func(t *testing.T, s *site)) {
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); test(t, newSite(t)) })
	t.Run("Postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newSite(t, "PARLEY_DATABASE_URL="+pgtest.URL(t)))
	})
}

// checkLogin looks into the site's database.
func (s *site) checkLogin(jid, password string) {
	s.t.Helper()
	ctx := context.Background()
	cfg, err := config.Load(append(s.env, "PARLEY_DATA_DIR="+s.dir+"/data"), "")
	if err != nil {
		s.t.Fatal(err)
	}
	store, err := server.OpenStore(ctx, cfg, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	if _, creds, err := store.Credentials(ctx, jid); err != nil || !sasl.Verify(password, creds) {
		s.t.Errorf("%s cannot log in with %q (%v)", jid, password, err)
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site) {
		if _, errs, code := s.run("", "user", "list"); code != 0 || !strings.Contains(errs, "made a new database: ") {
			t.Errorf("a first command says %q, %d", errs, code)
		}
		if out := s.ok("secret one\nmore\n", "user", "add", "Carol@localhost", "--password-file", "-"); out != "carol@localhost made\n" {
			t.Errorf("add: %q", out)
		}
		s.checkLogin("carol@localhost", "secret one")
		file := s.write("password", "from a file\r\n")
		s.ok("", "user", "add", "dave", "--password-file", file)
		s.checkLogin("dave@localhost", "from a file")
		out := s.ok("", "user", "add", "erin", "--generate")
		password := regexp.MustCompile(`password: (\S+)`).FindStringSubmatch(out)
		if password == nil {
			t.Fatalf("generate: %q", out)
		}
		s.checkLogin("erin@localhost", password[1])

		s.ok("new", "user", "passwd", "carol", "--password-file=-")
		s.checkLogin("carol@localhost", "new")
		s.ok("", "user", "disable", "dave@localhost")
		list := s.ok("", "user", "list")
		if !regexp.MustCompile(`(?m)\Acarol@localhost +active +since \d{4}-\d\d-\d\d\ndave@localhost +disabled .*\nerin@localhost +active .*\n\z`).MatchString(list) {
			t.Errorf("list:\n%s", list)
		}
		s.ok("", "user", "enable", "dave@localhost")
		s.ok("", "user", "remove", "dave@localhost")
		if list := s.ok("", "user", "list"); strings.Contains(list, "dave") || strings.Contains(list, "disabled") {
			t.Errorf("list:\n%s", list)
		}

		s.fails("carol@localhost exists already", "x", "user", "add", "carol", "--password-file", "-")
		s.fails("there is no account dave@localhost", "", "user", "remove", "dave")
		s.fails("there is no account dave@localhost", "x", "user", "passwd", "dave", "--password-file", "-")
		s.fails("not of this server's domain localhost", "x", "user", "add", "a@example.org", "--password-file", "-")
		s.fails("the first line", "\nsecret\n", "user", "add", "frank", "--password-file", "-")
		s.fails("no such file", "", "user", "add", "frank", "--password-file", "nothing-here")
		s.fails("there is no terminal", "", "user", "add", "frank")
		s.fails("write `parley user add JID`", "", "user", "add")
		s.fails("there is no `parley user ad`", "", "user", "ad")
		s.fails("there is no `parley usr`", "", "usr")
		s.fails("unknown flag", "", "user", "add", "--passwd")
		s.fails("[generate password-file]", "", "user", "add", "x", "--generate", "--password-file", "-")
	})
}

func TestInvite(t *testing.T) {
	t.Parallel()
	s := newSite(t, "PARLEY_REGISTRATION=invite").made()
	one, two := s.ok("", "invite"), s.ok("", "invite", "--valid", "1h")
	if len(strings.TrimSpace(one)) < 20 || one == two {
		t.Errorf("got %q and %q", one, two)
	}
	s.fails("is over already", "", "invite", "--valid", "-1h")
	s.env = append(s.env, "PARLEY_REGISTRATION=closed")
	if out, errs, code := s.run("", "invite"); code != 0 || len(out) < 20 || !strings.Contains(errs, "registration is closed") {
		t.Errorf("closed: %q, %q, %d", out, errs, code)
	}
}

// The command line works while the server runs, and the server follows.
func TestUsersOfARunningServer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site) {
		r := s.start("--no-demo")
		s.ok("x", "user", "add", "carol", "--password-file", "-")
		s.ok("y", "user", "passwd", "carol", "--password-file", "-")
		s.ok("", "user", "disable", "carol")
		s.ok("", "user", "remove", "carol")
		r.log.wait(t, "op=password", "op=disabled", "op=removing", "op=removed")
		if list := s.ok("", "user", "list"); list != "" {
			t.Errorf("left: %q", list)
		}
		if code := r.stop(2); code != 0 {
			t.Errorf("exit code %d\n%s", code, r.log)
		}
		s.ok("x", "user", "add", "carol", "--password-file", "-")
		s.ok("", "user", "remove", "carol")
	})
}

// A demo user that nobody has made their own can be made with a password of
// one's own; then it exists.
func TestAddDemoUser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.start()
	defer r.stop(2)
	s.ok("my own", "user", "add", "alice@localhost", "--password-file", "-")
	s.checkLogin("alice@localhost", "my own")
	s.fails("exists already", "other", "user", "add", "alice@localhost", "--password-file", "-")
	s.checkLogin("alice@localhost", "my own")
}
