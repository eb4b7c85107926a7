package main_test

import (
	"regexp"
	"strings"
	"testing"

	"parley/internal/pgtest"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	printed := s.ok("", "config", "print")
	for _, want := range []string{"domain: \"localhost\"", "PARLEY_REGISTRATION", "roster_items: 2000", "127.0.0.1:0"} {
		if !strings.Contains(printed, want) {
			t.Errorf("%q is not printed", want)
		}
	}
	file := s.write("parley.yaml", printed)
	if again := s.ok("", "config", "print", "--config", file); again != printed {
		t.Errorf("read back, it prints\n%s", again)
	}
	if out := s.ok("", "config", "check", "--config", file); !strings.Contains(out, "right") {
		t.Errorf("check: %q", out)
	}
	bad := map[string]string{
		"domain: [":                                "bad.yaml:1:",
		"limits:\n  roster_items: lots":            "bad.yaml:2:17: limits.roster_items: \"lots\" is not a whole number",
		"log: {level: loud}":                       "write debug, info, warn, error",
		"limits: {mode: off}\nhttp: {addr: ':80'}": "bad.yaml:1:16: limits.mode: ",
	}
	for text, want := range bad {
		s := newSite(t)
		s.env = s.env[:1] // the file alone
		path := s.write("bad.yaml", text+"\n")
		s.fails(want, "", "config", "check", "--config", path)
		s.fails(want, "", "config", "print", "--config", path)
	}
	s.fails("no such file", "", "config", "check", "--config", "nothing.yaml")
	s.env = append(s.env, "PARLEY_DOMIAN=x")
	s.fails("did you mean PARLEY_DOMAIN?", "", "config", "check")
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if out := s.ok("", "db", "status"); !strings.Contains(out, "SQLite, data/parley.db") || !strings.Contains(out, "the first start makes it") {
		t.Errorf("before: %s", out)
	}
	checkMigration(t, s)

	pg := newSite(t, "PARLEY_DATABASE_URL="+pgtest.URL(t))
	if out := pg.ok("", "db", "status"); !strings.Contains(out, "Postgres, postgres://") || !strings.Contains(out, "version 0, version ") {
		t.Errorf("before: %s", out)
	}
	checkMigration(t, pg)
}

func checkMigration(t *testing.T, s *site) {
	t.Helper()
	if out := s.ok("", "db", "migrate"); !strings.Contains(out, "applied ") {
		t.Errorf("migrate: %s", out)
	}
	if out := s.ok("", "db", "migrate"); strings.Contains(out, "applied ") {
		t.Errorf("migrate twice: %s", out)
	}
	if out := s.ok("", "db", "status"); !regexp.MustCompile(`version [1-9]\d*, up to date`).MatchString(out) {
		t.Errorf("after: %s", out)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if out := newSite(t).ok("", "version"); !strings.HasPrefix(out, "parley ") || !strings.Contains(out, "go1.") {
		t.Errorf("got %q", out)
	}
}
