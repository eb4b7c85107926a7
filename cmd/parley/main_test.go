package main_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/internal/pgtest"
)

// binary is the real program, built once.
var binary string

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(pgtest.Wrap(built{m}))
}

// built runs the tests with the program beside them.
type built struct{ m *testing.M }

func (b built) Run() int {
	dir, err := os.MkdirTemp("", "parley-cmd-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "parley")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil { //nolint:gosec // our own
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return b.m.Run()
}

// site is one folder with an environment: what an operator has.
type site struct {
	t   *testing.T
	dir string
	env []string
}

// newSite listens on free ports only.
func newSite(t *testing.T, env ...string) *site {
	t.Helper()
	return &site{t: t, dir: t.TempDir(), env: append([]string{
		"PATH=" + os.Getenv("PATH"), "PARLEY_HTTP_ADDR=127.0.0.1:0", "PARLEY_C2S_ADDR=127.0.0.1:0",
		"PARLEY_C2S_TLS_ADDR=127.0.0.1:0", "PARLEY_ADMIN_ADDR=127.0.0.1:0", "PARLEY_SASL_ITERATIONS=4096",
	}, env...)}
}

func (s *site) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	s.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, args...) //nolint:gosec // our own
	cmd.Dir, cmd.Env = s.dir, s.env
	return cmd
}

// run returns what the program said and its exit code.
func (s *site) run(stdin string, args ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	cmd := s.command(args...)
	var out, errs strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("%v: %v", args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// made is a site with a database.
func (s *site) made() *site {
	s.t.Helper()
	s.ok("", "db", "migrate")
	return s
}

// ok runs what must succeed without a word on standard error.
func (s *site) ok(stdin string, args ...string) string {
	s.t.Helper()
	out, errs, code := s.run(stdin, args...)
	if code != 0 || errs != "" {
		s.t.Fatalf("%v: exit code %d\n%s%s", args, code, out, errs)
	}
	return out
}

// fails runs what must fail with one line that has want in it.
func (s *site) fails(want, stdin string, args ...string) {
	s.t.Helper()
	_, errs, code := s.run(stdin, args...)
	if code != 1 || !strings.Contains(errs, want) || !strings.HasPrefix(errs, "parley: ") || strings.Count(errs, "\n") != 1 {
		s.t.Errorf("%v: exit code %d, got %q, want %q", args, code, errs, want)
	}
}

func (s *site) write(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// running is a server in the background.
type running struct {
	t      *testing.T
	cmd    *exec.Cmd
	greets string      // what it printed when it was ready
	log    *lineWaiter // of standard error
	out    chan struct{}
}

// start returns when the server is ready.
func (s *site) start(args ...string) *running {
	s.t.Helper()
	r := &running{t: s.t, cmd: s.command(args...), log: newLineWaiter(), out: make(chan struct{})}
	r.cmd.Stderr = r.log
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		r.greets += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "Ctrl-C") {
			break
		}
	}
	if !strings.Contains(r.greets, "Ctrl-C") {
		_ = r.cmd.Wait()
		s.t.Fatalf("the server did not start:\n%s%s", r.greets, r.log)
	}
	go func() { defer close(r.out); _, _ = io.Copy(io.Discard, stdout) }()
	return r
}

// stop sends sig and returns the exit code.
func (r *running) stop(sig syscall.Signal) int {
	r.t.Helper()
	if err := r.cmd.Process.Signal(sig); err != nil {
		r.t.Fatal(err)
	}
	<-r.out
	_ = r.cmd.Wait()
	return r.cmd.ProcessState.ExitCode()
}
