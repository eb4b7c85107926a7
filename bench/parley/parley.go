package parley

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"parley/internal/config"
)

// Options of a server.
type Options struct {
	Accounts int
	Database string   // Postgres URL; "": SQLite
	Command  []string // runs Parley; nil: it is built from the sources
	LogLevel string
	Archive  string   // what is archived: "always", the default, or "never"
	Env      []string // more of the server's environment
	Archives int      // to be filled, for the workload "paging"
	Rows     int      // of each
	// KeepAccounts leaves them in a database that the caller drops.
	KeepAccounts bool
	Progress     func(format string, args ...any) // nil: silent
}

// Server is a running Parley.
type Server struct {
	Accounts
	WebSocket, TCP string // addresses
	Domain         string
	PID            int

	cfg    *config.Config
	keep   bool // the accounts
	dir    string
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended
}

const domain = "localhost"

// Start makes the accounts and starts the server.
func Start(ctx context.Context, opts Options) (_ *Server, err error) {
	dir, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return nil, err
	}
	s := &Server{Accounts: newAccounts(opts.Accounts, domain), Domain: domain, dir: dir, keep: opts.KeepAccounts}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	env, err := s.configure(opts)
	if err != nil {
		return nil, err
	}
	command := opts.Command
	if command == nil {
		opts.say("building parley")
		if command, err = s.build(ctx); err != nil {
			return nil, err
		}
	}
	opts.say("making %d accounts", opts.Accounts)
	if err := s.create(ctx, s.cfg); err != nil {
		return nil, err
	}
	if err := s.fillArchives(ctx, s.cfg, opts.Archives, opts.Rows); err != nil {
		return nil, err
	}
	opts.say("starting parley")
	return s, s.run(ctx, command, append(env, opts.Env...))
}

func (o Options) say(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(format, args...)
	}
}

// configure returns the environment of a server on free ports.
func (s *Server) configure(opts Options) ([]string, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	s.TCP, s.WebSocket = ports[0], "ws://"+ports[1]+"/xmpp-websocket"
	level := opts.LogLevel
	if level == "" {
		level = "warn"
	}
	env := []string{
		"PARLEY_DATA_DIR=" + filepath.Join(s.dir, "data"), "PARLEY_DOMAIN=" + domain,
		"PARLEY_C2S_ADDR=" + ports[0], "PARLEY_HTTP_ADDR=" + ports[1],
		"PARLEY_C2S_TLS_ADDR=", "PARLEY_ADMIN_ADDR=127.0.0.1:0",
		"PARLEY_REQUIRE_TLS=false", "PARLEY_LIMITS=off", "PARLEY_LOG_LEVEL=" + level,
		"PARLEY_DATABASE_URL=" + opts.Database, "PARLEY_MUC_OCCUPANTS=2048",
		"PARLEY_ARCHIVE_DEFAULT=" + cmp.Or(opts.Archive, "always"),
	}
	if s.cfg, err = config.Load(env, ""); err != nil {
		return nil, err
	}
	return env, os.MkdirAll(s.cfg.DataDir, 0o700)
}

// freePorts finds addresses on which nobody listens. Somebody else may take one
// before the server does; then it says so and the run is repeated.
func freePorts(n int) ([]string, error) {
	var found []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		found = append(found, l.Addr().String())
	}
	return found, nil
}

func (s *Server) build(ctx context.Context) ([]string, error) {
	binary := filepath.Join(s.dir, "parley")
	out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "parley/cmd/parley").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("parley cannot be built: %w\n%s", err, out)
	}
	return []string{binary, "--no-demo"}, nil
}

func (s *Server) run(ctx context.Context, command, env []string) error {
	log, err := os.Create(s.logFile())
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = exec.Command(command[0], command[1:]...) // not bound to ctx: Stop ends it in order
	s.cmd.Env = append(withoutParley(os.Environ()), env...)
	s.cmd.Stderr = log                                      // what it prints for people is not wanted
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is the generator's, which then stops the server
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return fmt.Errorf("parley cannot be started: %w", err)
	}
	s.PID, s.exited = s.cmd.Process.Pid, make(chan struct{})
	go func() {
		_ = s.cmd.Wait() // Stop looks at the state
		close(s.exited)
	}()
	return s.ready(ctx)
}

func withoutParley(environ []string) []string {
	var out []string
	for _, e := range environ {
		if !strings.HasPrefix(e, "PARLEY_") {
			out = append(out, e)
		}
	}
	return out
}

// startTime bounds the start, and stopTime the end.
const (
	startTime = 30 * time.Second
	stopTime  = 30 * time.Second
)

// ready waits until the server answers.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.cfg.HTTP.Addr+"/healthz", nil)
		if err != nil {
			return err
		}
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.exited:
			return fmt.Errorf("parley ended while it started:\n%s", s.Log())
		case <-ctx.Done():
			return fmt.Errorf("parley does not answer: %w\n%s", context.Cause(ctx), s.Log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "parley.log") }

// Log returns the end of what the server has written.
func (s *Server) Log() string {
	const most = 4 << 10
	b, err := os.ReadFile(s.logFile())
	if err != nil {
		return ""
	}
	return string(b[max(0, len(b)-most):])
}

// Stop ends the server and removes everything. An end that was not in order is
// an error.
func (s *Server) Stop() error {
	var err error
	if s.cmd != nil {
		err = s.end()
	}
	if s.cfg != nil && s.cfg.Database.URL != "" && !s.keep {
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		err = errors.Join(err, s.remove(ctx, s.cfg))
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

func (s *Server) end() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // fails only when it has ended
	select {
	case <-s.exited:
	case <-time.After(stopTime):
		_ = s.cmd.Process.Kill()
		<-s.exited
		return fmt.Errorf("parley did not stop within %v", stopTime)
	}
	if state := s.cmd.ProcessState; !state.Success() {
		return fmt.Errorf("parley ended with %v:\n%s", state, s.Log())
	}
	return nil
}
