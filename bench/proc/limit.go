package proc

import (
	"fmt"
	"syscall"
	"time"
)

// AllowFiles raises the limit of open descriptors to n, or says that it cannot.
func AllowFiles(n uint64) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("proc: %w", err)
	}
	if l.Cur >= n {
		return nil
	}
	want := syscall.Rlimit{Cur: n, Max: max(n, l.Max)}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &want); err != nil {
		return fmt.Errorf("%d file descriptors are needed and %d allowed: raise the limit (ulimit -Hn), or use fewer users", n, l.Max)
	}
	return nil
}

// Own returns the CPU time of this process.
func Own() (Usage, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return Usage{}, fmt.Errorf("proc: %w", err)
	}
	return Usage{CPU: timeval(u.Utime) + timeval(u.Stime), Processes: 1}, nil
}

func timeval(t syscall.Timeval) time.Duration { return time.Duration(t.Nano()) }
