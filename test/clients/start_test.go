package clients_test

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"parley/internal/pgtest"
	"parley/storage/postgres"
	"parley/storage/sqlstore"
)

// refuses runs a server that must not start, and say why in one line.
func refuses(t *testing.T, cmd *exec.Cmd, want string) {
	t.Helper()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("it ended with %v", err)
	}
	last := stderr.String()[strings.LastIndex(strings.TrimRight(stderr.String(), "\n"), "\n")+1:]
	if !strings.HasPrefix(last, "parley: ") || !strings.Contains(last, want) {
		t.Errorf("its last line is %q, want %q in it", last, want)
	}
}

func (p *parley) serverCommand() *exec.Cmd {
	cmd := exec.Command(binary)
	cmd.Env = append(p.env, "PARLEY_LOG_LEVEL=error")
	return cmd
}

// A second start beside a running server changes nothing for the first.
func TestSecondServer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		alice := dialTCP(t, p, "alice@localhost", p.passwords["alice@localhost"])
		refuses(t, p.serverCommand(), "perhaps by another server")
		alice.contacts(t)
		p.command(t, "new words\n", "user", "passwd", "alice@localhost", "--password-file", "-")
		alice.ends(t) // the first server is still told of changes
	})
}

func TestNewerPostgres(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	p := newParley(t, url)
	p.command(t, "", "db", "migrate")
	store, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := sqlstore.MarkVersion(t.Context(), store, 9999); err != nil {
		t.Fatal(err)
	}
	refuses(t, p.serverCommand(), "run a newer parley")
}

func TestUnwritableFolder(t *testing.T) {
	t.Parallel()
	p := newParley(t, "")
	cmd := p.serverCommand()
	if os.Geteuid() == 0 { // root may write everywhere
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	for _, dir := range []string{filepath.Dir(binary), filepath.Dir(p.dir)} {
		if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the other user must get there
			t.Fatal(err)
		}
	}
	if err := os.Chmod(p.dir, 0o500); err != nil { //nolint:gosec // nobody may write
		t.Fatal(err)
	}
	refuses(t, cmd, "choose another with data_dir or PARLEY_DATA_DIR")
}

func (p *parley) isHealthy(t *testing.T, want int) {
	t.Helper()
	resp, err := http.Get("http://" + p.http + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != want {
		t.Errorf("health: %d, want %d", resp.StatusCode, want)
	}
}

// enters is a bound and available client without TLS.
func (p *parley) enters(t *testing.T, dial func(*parley) (*wire, error), user, password string) *wire {
	t.Helper()
	w, err := dial(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	if err := w.enter(user, password); err != nil {
		t.Fatalf("%s: %v", user, err)
	}
	w.does(t, w.send("<presence xmlns='jabber:client'/>"), w.ping(nil))
	return w
}

func (w *wire) does(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// until passes over what else comes.
func (w *wire) until(t *testing.T, what string, is func(node) bool) node {
	t.Helper()
	for i, n := range w.held {
		if is(n) {
			w.held = w.held[i+1:]
			return n
		}
	}
	w.held = nil
	for {
		n, err := w.next()
		if err != nil {
			t.Fatalf("%v before %s", err, what)
		}
		if is(n) {
			return n
		}
	}
}

func (w *wire) hears(t *testing.T, from, body string) {
	t.Helper()
	w.until(t, body, func(n node) bool {
		gotFrom, got := said(n)
		return gotFrom == from && got == body
	})
}

// While Postgres is away who is online chats on, and what must be stored waits
// for it or is refused: a sender is told the truth in any case.
func TestPostgresGoesAway(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	p := newParley(t, pg.Database(t))
	p.env = append(p.env, "PARLEY_REQUIRE_TLS=false")
	p.start(t)
	p.addUser(t, "carol@localhost", "open sesame")
	alice := p.enters(t, dialPlain, "alice", p.passwords["alice@localhost"])
	bob := p.enters(t, dialSocket, "bob", p.passwords["bob@localhost"])
	quiet := p.enters(t, dialSocket, "bob", p.passwords["bob@localhost"]) // writes nothing
	p.isHealthy(t, http.StatusOK)

	pg.Kill()
	p.isHealthy(t, http.StatusServiceUnavailable)
	chat(t, alice, bob, "without Postgres")
	p.cannotEnter(t, "carol", "open sesame")
	alice.does(t, alice.say("carol@localhost", "for later"))
	alice.until(t, "an error", func(n node) bool {
		return n.attr("type") == "error" && n.attr("from") == "carol@localhost"
	})
	alice.does(t, alice.send("<iq xmlns='jabber:client' type='set' id='late'><query xmlns='jabber:iq:roster'><item jid='dave@localhost'/></query></iq>"))
	late := make(chan node)
	go func() { late <- alice.answered("late") }()
	quiet.does(t, quiet.ping(nil))
	select {
	case n := <-late:
		t.Errorf("somebody who writes nothing waits for what others write: first came %v", n)
	default:
	}
	if err := pg.Start(); err != nil {
		t.Fatal(err)
	}
	answer := <-late

	p.isHealthy(t, http.StatusOK)
	chat(t, alice, bob, "with Postgres")
	contacts, err := alice.roster()
	if stored := answer.attr("type") == "result"; err != nil || contacts["dave@localhost"] != stored {
		t.Errorf("the roster change was answered %q; then it reads %v, %v", answer.attr("type"), contacts, err)
	}
	alice.does(t, alice.say("carol@localhost", "for later"), alice.ping(nil))
	p.enters(t, dialPlain, "carol", "open sesame").hears(t, "alice@localhost", "for later")
}

// answered waits for the answer to a request; it is empty if the stream ends first.
func (w *wire) answered(id string) node {
	for {
		if n, err := w.next(); err != nil || n.XMLName.Local == "iq" && n.attr("id") == id {
			return n
		}
	}
}

// A server whose Postgres is away ends in the time that it is given.
func TestStopWithoutPostgres(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	p := newParley(t, pg.Database(t))
	p.env = append(p.env, "PARLEY_REQUIRE_TLS=false")
	p.start(t)
	alice := p.enters(t, dialPlain, "alice", p.passwords["alice@localhost"])
	bob := p.enters(t, dialSocket, "bob", p.passwords["bob@localhost"])
	pg.Stop()
	alice.does(t, alice.send("<iq xmlns='jabber:client' type='set' id='late'><query xmlns='jabber:iq:roster'><item jid='dave@localhost'/></query></iq>"))
	bob.does(t, bob.ping(nil)) // somebody else's reader waits for the database
	p.stop(t)
}

// chat has each hear the other.
func chat(t *testing.T, a, b *wire, text string) {
	t.Helper()
	a.does(t, a.say(b.user+"@localhost", text))
	b.hears(t, a.user+"@localhost", text)
	b.does(t, b.say(a.user+"@localhost", text))
	a.hears(t, b.user+"@localhost", text)
}

// cannotEnter tries to log in while that is nobody's fault.
func (p *parley) cannotEnter(t *testing.T, user, password string) {
	t.Helper()
	w, err := dialPlain(p)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	err = w.enter(user, password)
	var no refusal
	if !errors.As(err, &no) || no.child("temporary-auth-failure").XMLName.Local == "" {
		t.Errorf("%s logs in: %v", user, err)
	}
}
