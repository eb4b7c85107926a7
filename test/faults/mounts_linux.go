package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// mountsVariable tells the second process that it is the one.
const mountsVariable = "PARLEY_FAULTS_MOUNTS"

// inOwnMounts runs this program once more with mounts of its own: a disk that
// can be filled is one, and is gone when the program ends. done says that the
// program has run.
func inOwnMounts() (code int, done bool) {
	if os.Getenv(mountsVariable) != "" {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			fmt.Fprintln(os.Stderr, "own mounts:", err)
			return 1, true
		}
		return 0, false
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), mountsVariable+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		asOurselves(cmd.SysProcAttr)
	}
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // the other process hears it, too, and ends
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintf(os.Stderr, "own mounts: %v; run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, "+
			"kernel.apparmor_restrict_unprivileged_userns=0)\n", err)
		return 1, true
	}
	return cmd.ProcessState.ExitCode(), true
}

// asOurselves makes a user namespace in which we are who we are, and may mount:
// Postgres does not run as root.
func asOurselves(attr *syscall.SysProcAttr) {
	const capSysAdmin = 21
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
	attr.AmbientCaps = []uintptr{capSysAdmin}
}
