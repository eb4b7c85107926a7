package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Freeze stops all processes of the server where they are, as a machine that
// hangs does: connections stay, nothing answers.
func (s *Server) Freeze() error { return s.each(syscall.SIGSTOP) }

// Thaw lets them go on.
func (s *Server) Thaw() error { return s.each(syscall.SIGCONT) }

// each signals the server and its children, the server first: once it is
// stopped it makes no more of them.
func (s *Server) each(sig syscall.Signal) error {
	if err := s.process.Signal(sig); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	for _, path := range stats {
		if pid, ok := child(path, s.process.Pid); ok {
			_ = syscall.Kill(pid, sig) // it may have ended
		}
	}
	return nil
}

// child reads a process's line: pid (name) state parent …
func child(path string, parent int) (pid int, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false // it has ended
	}
	before, _, _ := strings.Cut(string(text), " ")
	after := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
	if len(after) < 2 || after[1] != strconv.Itoa(parent) {
		return 0, false
	}
	pid, err = strconv.Atoi(before)
	return pid, err == nil
}
