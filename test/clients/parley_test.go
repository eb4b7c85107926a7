// Package clients tests the built binary from outside, with clients that
// others wrote: mellium, slixmpp, profanity, xmpp.js, stanza.js, Strophe.js, and
// browsers.
package clients_test

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/internal/pgtest"
)

// patience bounds every wait for something that must come.
const patience = time.Minute

var binary string // the built command

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(builder{m})) }

// builder makes the command before the tests.
type builder struct{ m *testing.M }

func (b builder) Run() int {
	dir, err := os.MkdirTemp("", "parley-clients-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "parley")
	if out, err := exec.Command("go", "build", "-race", "-o", binary, "parley/cmd/parley").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s\n%v\n", out, err)
		return 1
	}
	mostlyWait()
	return b.m.Run()
}

// mostlyWait lets more tests run at once than there are processors, unless the
// command line says how many: most of their time they wait for other programs.
func mostlyWait() {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0)))
	}
}

// engines are the databases that every whole-server test runs on.
var engines = map[string]func(*testing.T) string{
	"sqlite":   func(*testing.T) string { return "" },
	"postgres": func(t *testing.T) string { return pgtest.URL(t) },
}

func onBoth(t *testing.T, f func(t *testing.T, p *parley)) {
	for name, url := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParley(t, url(t))
			p.start(t)
			f(t, p)
		})
	}
}

// parley is a server process on ports and a folder of its own.
type parley struct {
	dir                   string
	http, https, c2s, tls string // addresses
	env                   []string
	passwords             map[string]string // of the demo users, by JID
	process               *exec.Cmd
	exited                chan error
}

func newParley(t *testing.T, databaseURL string) *parley {
	t.Helper()
	p := &parley{dir: t.TempDir(), http: freeAddr(t), https: freeAddr(t), c2s: freeAddr(t), tls: freeAddr(t)}
	p.env = append(os.Environ(),
		"PARLEY_DATA_DIR="+p.dir, "PARLEY_HTTP_ADDR="+p.http, "PARLEY_HTTP_TLS_ADDR="+p.https,
		"PARLEY_C2S_ADDR="+p.c2s, "PARLEY_C2S_TLS_ADDR="+p.tls,
		"PARLEY_ADMIN_ADDR="+freeAddr(t), "PARLEY_DATABASE_URL="+databaseURL, "PARLEY_LIMITS=off", "PARLEY_LOG_LEVEL=debug")
	t.Cleanup(func() { p.stop(t) })
	return p
}

// start runs the binary and returns when it accepts connections.
func (p *parley) start(t *testing.T) {
	t.Helper()
	process := exec.Command(binary)
	process.Env = p.env
	process.Stderr = t.Output()
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	p.process = process
	greeted, exited := make(chan bool, 1), make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "Ctrl-C") {
				greeted <- true
			}
		}
		exited <- process.Wait()
	}()
	p.exited = exited
	select {
	case <-greeted:
	case err := <-exited:
		p.process = nil
		t.Fatalf("the server ended at its start: %v", err)
	case <-time.After(patience):
		t.Fatal("the server did not start")
	}
	p.readPasswords(t)
}

func (p *parley) readPasswords(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, "demo-users.txt"))
	if err != nil {
		t.Fatal(err)
	}
	p.passwords = map[string]string{}
	for line := range strings.Lines(string(text)) {
		if jid, password, ok := strings.Cut(strings.TrimSpace(line), " "); ok && jid != "#" {
			p.passwords[jid] = password
		}
	}
	if len(p.passwords) != 2 {
		t.Fatalf("demo users: %q", text)
	}
}

// stop ends the server as Ctrl-C does.
func (p *parley) stop(t *testing.T) {
	t.Helper()
	p.ask(t, syscall.SIGINT)
}

// ask ends the server by a signal; it must end by itself, without error and
// without a data race.
func (p *parley) ask(t *testing.T, to os.Signal) {
	t.Helper()
	if p.process == nil {
		return
	}
	if err := p.process.Process.Signal(to); err != nil {
		t.Error(err)
	}
	select {
	case err := <-p.exited:
		if err != nil {
			t.Errorf("the server ended with %v", err)
		}
	case <-time.After(patience):
		_ = p.process.Process.Kill()
		<-p.exited
		t.Error("the server did not stop")
	}
	p.process = nil
}

// kill ends the server as a power failure would.
func (p *parley) kill(t *testing.T) {
	t.Helper()
	if err := p.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.exited
	p.process = nil
}

// command runs a subcommand of the binary beside the server.
func (p *parley) command(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env, cmd.Stdin = p.env, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("parley %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (p *parley) addUser(t *testing.T, jid, password string) {
	t.Helper()
	p.command(t, password+"\n", "user", "add", jid, "--password-file", "-")
}

func TestCommandsBesideTheServer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		p.addUser(t, "carol@localhost", "open sesame")
		if out := p.command(t, "", "user", "list"); !strings.Contains(out, "carol@localhost") {
			t.Errorf("user list: %s", out)
		}
		c := dialTCP(t, p, "carol@localhost", "open sesame")
		p.command(t, "new words\n", "user", "passwd", "carol@localhost", "--password-file", "-")
		c.ends(t)
		dialTCP(t, p, "carol@localhost", "new words").close(t)
		p.command(t, "", "user", "remove", "carol@localhost")
		if out := p.command(t, "", "user", "list"); strings.Contains(out, "carol") {
			t.Errorf("user list after remove: %s", out)
		}
		resp, err := http.Get("http://" + p.http + "/config.json")
		if err != nil {
			t.Fatal(err)
		}
		defer http.DefaultClient.CloseIdleConnections()
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(body), `"registration":"open"`) {
			t.Errorf("config.json: %s, %v", body, err)
		}
	})
}
