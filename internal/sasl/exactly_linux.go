package sasl

import (
	"syscall"
	"time"
)

// exactly sleeps in the system, whose timers are good to some microseconds.
func exactly(d time.Duration) {
	t := syscall.NsecToTimespec(d.Nanoseconds())
	_ = syscall.Nanosleep(&t, nil) // who wakes too early looks at the clock and sleeps again
}
