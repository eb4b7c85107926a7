//go:build !linux

package workload

import "time"

func pauser() (pause func(time.Duration), done func()) { return time.Sleep, func() {} }
