package clients_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slixmpp is a process that runs testdata/talker.py.
type slixmpp struct {
	in    io.WriteCloser
	lines chan string
}

func startSlixmpp(t *testing.T, p *parley, jid string) *slixmpp {
	t.Helper()
	host, port, err := net.SplitHostPort(p.c2s)
	if err != nil {
		t.Fatal(err)
	}
	// Debian's Python, which has Debian's slixmpp.
	cmd := exec.Command("/usr/bin/python3", "testdata/talker.py", jid, p.passwords[jid], host, port)
	cmd.Stderr = t.Output()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; make tools installs python3-slixmpp", err)
	}
	s := &slixmpp{in: in, lines: make(chan string, 100)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(s.lines)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			s.lines <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		in.Close()
		select {
		case <-done:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			<-done
		}
		_ = cmd.Wait() // how Python ends is not the question
	})
	return s
}

func (s *slixmpp) tell(t *testing.T, format string, args ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(s.in, format+"\n", args...); err != nil {
		t.Fatal(err)
	}
}

// reports waits for a line, passing over others.
func (s *slixmpp) reports(t *testing.T, want string) {
	t.Helper()
	var seen []string
	late := time.After(patience)
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				t.Fatalf("slixmpp ended; want %q, saw %q", want, seen)
			}
			if strings.TrimSpace(line) == want {
				return
			}
			seen = append(seen, line)
		case <-late:
			t.Fatalf("want %q, saw %q", want, seen)
		}
	}
}

func TestSlixmpp(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		alice := startSlixmpp(t, p, "alice@localhost")
		alice.reports(t, "contact bob@localhost both")
		alice.reports(t, "online")
		bob := dialWebSocket(t, p, "bob@localhost", p.passwords["bob@localhost"])
		bob.online(t)
		alice.reports(t, "sees bob@localhost available")
		alice.tell(t, "say bob@localhost from Python")
		bob.hears(t, "alice@localhost from Python")
		bob.say(t, "alice@localhost", "from Go")
		alice.reports(t, "heard bob@localhost from Go")
		bob.close(t)
		alice.reports(t, "sees bob@localhost unavailable")
		alice.tell(t, "quit")
	})
}
