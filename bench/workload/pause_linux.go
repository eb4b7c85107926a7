package workload

import (
	"runtime"
	"syscall"
	"time"
)

// pauser returns a sleep that is exact to some ten microseconds, for one
// goroutine, until done is called. The runtime's own timers wait for whole
// milliseconds when nothing else runs.
func pauser() (pause func(time.Duration), done func()) {
	runtime.LockOSThread()
	return func(d time.Duration) {
		ts := syscall.NsecToTimespec(d.Nanoseconds())
		_ = syscall.Nanosleep(&ts, nil) // a signal only wakes it early; the caller looks at the clock
	}, runtime.UnlockOSThread
}
