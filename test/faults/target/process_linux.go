package target

import "syscall"

// dieWithUs makes a process end when we do.
func dieWithUs(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
