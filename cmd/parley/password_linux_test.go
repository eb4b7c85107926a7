package main_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// openPTY returns both ends of a new terminal.
func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	var unlock, number int32
	for request, arg := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlock, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(arg))); errno != 0 { //nolint:gosec // the kernel's interface
			t.Fatal(errno)
		}
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

// terminal runs the program on a new terminal. wait returns everything that was
// on its screen, what was typed and echoed included, and the exit code.
func (s *site) terminal(args ...string) (cmd *exec.Cmd, keyboard *os.File, screen *lineWaiter, wait func() (string, int)) {
	s.t.Helper()
	master, slave := openPTY(s.t)
	cmd, screen = s.command(args...), newLineWaiter()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	shown := make(chan struct{})
	go func() { defer close(shown); _, _ = io.Copy(screen, master) }() // ends with the last user of the terminal
	return cmd, master, screen, func() (string, int) {
		_ = cmd.Wait()
		slave.Close()
		<-shown
		return screen.String(), cmd.ProcessState.ExitCode()
	}
}

// typeIn types each answer after its question.
func (s *site) typeIn(answers [][2]string, args ...string) (shown string, code int) {
	s.t.Helper()
	_, keyboard, screen, wait := s.terminal(args...)
	for _, a := range answers {
		screen.wait(s.t, a[0])
		if _, err := keyboard.WriteString(a[1] + "\r"); err != nil {
			s.t.Fatal(err)
		}
	}
	return wait()
}

func TestPasswordFromTheTerminal(t *testing.T) {
	t.Parallel()
	s := newSite(t).made()
	shown, code := s.typeIn([][2]string{{"Password: ", "typed in"}, {"Once more: ", "typed in"}}, "user", "add", "carol")
	if code != 0 || !strings.Contains(shown, "carol@localhost made") || strings.Contains(shown, "typed in") {
		t.Fatalf("exit code %d\n%s", code, shown)
	}
	s.checkLogin("carol@localhost", "typed in")
	shown, code = s.typeIn([][2]string{{"Password: ", "one"}, {"Once more: ", "two"}}, "user", "passwd", "carol")
	if code != 1 || !strings.Contains(shown, "the two passwords differ") {
		t.Errorf("exit code %d\n%s", code, shown)
	}
	shown, code = s.typeIn([][2]string{{"Password: ", "one\x03"}}, "user", "passwd", "carol")
	if code != 1 || !strings.Contains(shown, "nothing has changed") {
		t.Errorf("Ctrl-C: exit code %d\n%s", code, shown)
	}
	s.checkLogin("carol@localhost", "typed in")
}

func TestInterruptedPrompt(t *testing.T) {
	t.Parallel()
	s := newSite(t).made()
	cmd, _, screen, wait := s.terminal("user", "add", "carol")
	screen.wait(t, "Password: ")
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if shown, code := wait(); code != 130 {
		t.Errorf("exit code %d\n%s", code, shown)
	}
}
