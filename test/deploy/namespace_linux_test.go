package deploy_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"
)

// advice is for machines that do not let a test have namespaces.
const advice = "the container's test needs namespaces: run it as root, or allow user namespaces " +
	"(sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)"

// inNamespaces runs the test t once more in a process with a network and mounts
// of its own, in which it is root. env tells the process that it is the one.
func inNamespaces(t *testing.T, env string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=5m")
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env), &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	if os.Geteuid() != 0 {
		asUser(cmd.SysProcAttr, 0)
	}
	err := cmd.Run()
	t.Logf("inside:\n%s", &out)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("%v; %s", err, advice)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// asUser gives the process a user namespace in which we are that user.
func asUser(attr *syscall.SysProcAttr, id int) {
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Geteuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Getegid(), Size: 1}}
}

// mount fails the test with an advice.
func mount(t *testing.T, source, target, kind string, flags uintptr, data string) {
	t.Helper()
	if err := syscall.Mount(source, target, kind, flags, data); err != nil {
		t.Fatalf("mount %s on %s: %v; %s", source, target, err, advice)
	}
}

// bind makes a folder visible at a place in the container.
func bind(t *testing.T, source, rootfs, target string) {
	t.Helper()
	at := filepath.Join(rootfs, target)
	if err := os.MkdirAll(at, 0o700); err != nil {
		t.Fatal(err)
	}
	mount(t, source, at, "", syscall.MS_BIND, "")
}

// ifreq is the kernel's struct ifreq with an IPv4 address or flags in it.
type ifreq struct {
	name  [16]byte
	value [24]byte
}

// addAddresses brings the loopback device up and gives it more addresses.
func addAddresses(t *testing.T, addrs ...string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	configure := func(request uintptr, name string, value ...byte) {
		var r ifreq
		copy(r.name[:], name)
		copy(r.value[:], value)
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(&r))); errno != 0 { //nolint:gosec // the kernel's interface
			t.Fatalf("%s: %v; %s", name, errno, advice)
		}
	}
	configure(syscall.SIOCSIFFLAGS, "lo", syscall.IFF_UP)
	for i, a := range addrs {
		ip := netip.MustParseAddr(a).As4()
		configure(syscall.SIOCSIFADDR, fmt.Sprintf("lo:%d", i+1), append([]byte{syscall.AF_INET, 0, 0, 0}, ip[:]...)...)
	}
}
