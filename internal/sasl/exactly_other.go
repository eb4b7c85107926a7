//go:build !linux

package sasl

import "time"

// exactly is as good as the timers of Go are.
func exactly(d time.Duration) { time.Sleep(d) }
