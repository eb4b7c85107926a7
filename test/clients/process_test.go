package clients_test

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lineProcess is a program that is told and tells line by line.
type lineProcess struct {
	name  string
	in    io.WriteCloser
	lines chan string // closed when it ends
}

// startLines runs a program until the test ends; advice says what to do when it
// cannot be run.
func startLines(t *testing.T, cmd *exec.Cmd, name, advice string) *lineProcess {
	t.Helper()
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
		t.Fatalf("%v; %s", err, advice)
	}
	p := &lineProcess{name: name, in: in, lines: make(chan string, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(p.lines)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.lines <- lines.Text()
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
		_ = cmd.Wait() // how it ends is not the question
	})
	return p
}

func (p *lineProcess) tell(t *testing.T, format string, args ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		t.Fatal(err)
	}
}

// reports waits for a line, passing over others.
func (p *lineProcess) reports(t *testing.T, want string) {
	t.Helper()
	p.waits(t, want, func(line string) bool { return line == want })
}

// reportsAll waits for lines in any order.
func (p *lineProcess) reportsAll(t *testing.T, wants ...string) {
	t.Helper()
	for len(wants) > 0 {
		line := p.waits(t, strings.Join(wants, ", "), func(line string) bool { return slices.Contains(wants, line) })
		wants = slices.DeleteFunc(wants, func(want string) bool { return want == line })
	}
}

// reportsLike waits for a line that begins so, and returns it.
func (p *lineProcess) reportsLike(t *testing.T, beginning string) string {
	t.Helper()
	return p.waits(t, beginning+"…", func(line string) bool { return strings.HasPrefix(line, beginning) })
}

func (p *lineProcess) waits(t *testing.T, want string, fits func(string) bool) string {
	t.Helper()
	var seen []string
	late := time.After(patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				t.Fatalf("%s ended; want %q, saw %q", p.name, want, seen)
			}
			if line = strings.TrimSpace(line); fits(line) {
				return line
			}
			seen = append(seen, line)
		case <-late:
			t.Fatalf("%s: want %q, saw %q", p.name, want, seen)
		}
	}
}
