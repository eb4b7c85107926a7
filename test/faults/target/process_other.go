//go:build unix && !linux

package target

import "syscall"

// dieWithUs is for systems that can do it.
func dieWithUs(*syscall.SysProcAttr) {}
