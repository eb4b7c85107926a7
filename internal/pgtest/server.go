package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// startTimeout bounds the wait for the server's first answer.
	startTimeout = 60 * time.Second
	startPause   = 10 * time.Millisecond
	// socketPort only names the socket file of a server that listens nowhere else.
	socketPort = "5432"
	// superuser owns the server.
	superuser = "parley"
)

// hba lets everybody in through the socket, which only we can reach, except
// the user "locked", whom no password helps. TCP is for NewServerOnTCP alone.
const hba = "local all locked scram-sha-256\nlocal all all trust\nhost all all 127.0.0.1/32 trust\n"

// Server is a private PostgreSQL, reached through a socket in its folder.
type Server struct {
	bin    string
	folder string
	listen string // "": on the socket only
	port   string
	lock   *os.File // held while the folder is in use
	owner  *account // nil: ourselves

	process *os.Process
	ended   chan struct{} // closed when the process is gone
}

// New starts a server for this test alone, to be stopped and killed at will.
// It is removed when the test ends.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := NewServer("")
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(s.Remove)
	return s
}

// URL is the address of a database on the server.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database,
		RawQuery: url.Values{"host": {s.folder}, "port": {s.port}}.Encode()}
	return u.String()
}

// Database makes a new, empty database on this server and returns its address.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("parley_test_%d", databases.Add(1))
	if err := execute(s.URL("postgres"), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("pgtest: create a database: %v", err)
	}
	return s.URL(name)
}

// NewServer makes a server outside of a test: a folder with a cluster in it,
// within parent or, if that is empty, where temporary files are kept, and a
// process. Whoever calls it calls Remove.
func NewServer(parent string) (*Server, error) {
	return newServer(&Server{port: socketPort}, parent)
}

// NewServerOnTCP is NewServer, which listens on a port of 127.0.0.1, too: for
// programs that do not know sockets. Whoever has an account here gets in.
func NewServerOnTCP(parent, port string) (*Server, error) {
	return newServer(&Server{listen: "127.0.0.1", port: port}, parent)
}

func newServer(s *Server, parent string) (_ *Server, err error) {
	s.bin, err = binaries()
	if err != nil {
		return nil, err
	}
	removeStale()
	if s.owner, err = unprivileged(); err != nil {
		return nil, err
	}
	if err := s.makeFolder(parent); err != nil {
		return nil, err
	}
	if err := s.initialize(); err != nil {
		s.Remove()
		return nil, err
	}
	if err := s.Start(); err != nil {
		s.Remove()
		return nil, err
	}
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// initialize makes the cluster. fsync stays on for the server itself: what the
// tests say about durability is true.
func (s *Server) initialize() error {
	cmd := exec.Command(filepath.Join(s.bin, "initdb"), "--no-sync", "--auth=trust", "--username="+superuser,
		"--encoding=UTF8", "--locale=C.UTF-8", "--pgdata="+s.data())
	cmd.Dir, cmd.SysProcAttr = s.folder, s.owner.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return os.WriteFile(filepath.Join(s.data(), "pg_hba.conf"), []byte(hba), 0o600)
}

// Start starts the server, also again after Kill, and waits until it answers.
func (s *Server) Start() error {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), "-D", s.data(), "-k", s.folder, "-p", s.port,
		"-c", "listen_addresses="+s.listen, "-c", "max_connections=200", "-c", "shared_buffers=64MB",
		"-c", "autovacuum_naptime=10min")
	cmd.Dir, cmd.SysProcAttr = s.folder, s.owner.attributes()
	cmd.Stdout, cmd.Stderr = log, log
	if err := s.run(cmd); err != nil {
		return err
	}
	return s.await()
}

// run starts the process on a thread that lives as long as it: the kernel stops
// the server when the thread that started it is gone.
func (s *Server) run(cmd *exec.Cmd) error {
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // its exit code says nothing: it was told to end
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process, s.ended = cmd.Process, ended
	return nil
}

func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-time.After(startPause):
		case <-s.ended:
			return fmt.Errorf("the server did not start:\n%s", s.log())
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w\n%s", err, s.log())
		}
	}
}

func (s *Server) logFile() string { return filepath.Join(s.folder, "log") }

func (s *Server) log() string {
	text, _ := os.ReadFile(s.logFile())
	return string(text)
}

// Stop ends the server in an orderly way ("fast": sessions are cut).
func (s *Server) Stop() { s.signal(os.Interrupt) }

// Kill ends the server at once, as a crash would: it recovers from its log at
// the next Start.
func (s *Server) Kill() { s.signal(syscall.SIGQUIT) }

func (s *Server) signal(sig os.Signal) {
	if s.process == nil {
		return
	}
	_ = s.process.Signal(sig)
	<-s.ended
	s.process = nil
}

// Remove ends the server and removes its folder.
func (s *Server) Remove() {
	s.Kill()
	_ = os.RemoveAll(s.folder)
	_ = s.lock.Close()
}

// binaries finds the newest installed server.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("no PostgreSQL server is installed: apt-get install postgresql, " +
			"or set " + Variable + " to the address of one, as postgres://user@host/postgres")
	}
	best := found[0]
	for _, f := range found[1:] {
		if len(f) > len(best) || len(f) == len(best) && f > best { // 9 < 15
			best = f
		}
	}
	return filepath.Dir(best), nil
}

// PID is the process's, all others are its children.
func (s *Server) PID() int { return s.process.Pid }

// Alive tells whether the process runs.
func (s *Server) Alive() bool {
	if s.process == nil {
		return false
	}
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}
