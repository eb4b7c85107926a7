package deploy_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for something that must come.
const patience = 30 * time.Second

// container is what an engine is told, and does.
type container struct {
	Dir         string            // for all that belongs to it
	Binary      string            // the image's one program
	Env         []string          // of image and service
	UID, GID    int               // the image's user
	Volumes     map[string]string // folder by mount point
	Hosts       string            // /etc/hosts
	StopTimeout time.Duration     // from SIGTERM to SIGKILL
}

func (c *container) rootfs() string { return filepath.Join(c.Dir, "rootfs") }

// newContainer is a container of the image with empty volumes.
func newContainer(t *testing.T, out string) *container {
	t.Helper()
	stages := dockerfile(t)
	user, group, _ := strings.Cut(the(t, stages[len(stages)-1], "USER"), ":")
	c := &container{
		Dir: t.TempDir(), Binary: filepath.Join(out, "parley"), StopTimeout: 10 * time.Second,
		// An engine sets these, too.
		Env: append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "HOSTNAME=parley"}, imageEnv(t)...),
	}
	var err error
	if c.UID, err = strconv.Atoi(user); err != nil {
		t.Fatal(err)
	}
	if c.GID, err = strconv.Atoi(group); err != nil {
		t.Fatal(err)
	}
	c.Volumes = map[string]string{"/data": c.volume(t, "data")}
	return c
}

// volume makes a folder that belongs to the container's user, as the image has
// made /data.
func (c *container) volume(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(c.Dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	c.own(t, dir)
	return dir
}

// own gives a file to the container's user; who is not root is that user.
func (c *container) own(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(path, c.UID, c.GID); err != nil {
		t.Fatal(err)
	}
}

// insideVariable names the file with the container that the test is inside of.
const insideVariable = "PARLEY_TEST_INSIDE"

// inside returns the container, in the process that has the namespaces.
func inside(t *testing.T) *container {
	t.Helper()
	path := os.Getenv(insideVariable)
	if path == "" {
		return nil
	}
	var c container
	if err := json.Unmarshal([]byte(readFile(t, path)), &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// enter runs the test again inside.
func (c *container) enter(t *testing.T) {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(c.Dir, "container.json")
	writeFile(t, string(text), path)
	inNamespaces(t, insideVariable+"="+path)
}

// mounts makes the container's files: the image's, read-only, and volumes.
func (c *container) mounts(t *testing.T) {
	t.Helper()
	mount(t, "", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	if err := os.Mkdir(c.rootfs(), 0o755); err != nil {
		t.Fatal(err)
	}
	mount(t, "tmpfs", c.rootfs(), "tmpfs", 0, "mode=0755")
	etc := filepath.Join(c.rootfs(), "etc", "ssl", "certs")
	if err := os.MkdirAll(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	const authorities = "/etc/ssl/certs/ca-certificates.crt"
	for from, to := range map[string]string{c.Binary: "/parley", authorities: authorities} {
		if err := copyFile(from, filepath.Join(c.rootfs(), to), 0o755); err != nil {
			t.Fatalf("%v; is ca-certificates installed?", err)
		}
	}
	if err := os.WriteFile(filepath.Join(c.rootfs(), "etc", "hosts"), []byte(c.Hosts), 0o644); err != nil { //nolint:gosec // for all to read
		t.Fatal(err)
	}
	for target, source := range c.Volumes {
		bind(t, source, c.rootfs(), target)
	}
	mount(t, "", c.rootfs(), "", syscall.MS_REMOUNT|syscall.MS_RDONLY, "mode=0755")
	if err := os.WriteFile(filepath.Join(c.rootfs(), "x"), nil, 0o600); err == nil {
		t.Fatal("the root can be written")
	}
}

// command is a program in the container, as its user.
func (c *container) command(args ...string) *exec.Cmd {
	cmd := exec.Command("/parley", args...)
	cmd.Env, cmd.Dir = c.Env, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot: c.rootfs(), Pdeathsig: syscall.SIGKILL,
		Credential: &syscall.Credential{Uid: uint32(c.UID), Gid: uint32(c.GID)}, //nolint:gosec // small numbers
	}
	if oneUser() {
		asUser(cmd.SysProcAttr, c.UID)
		cmd.SysProcAttr.Credential.NoSetGroups = true
	}
	return cmd
}

// oneUser reports whether our namespace has no other user than root, because
// who runs the test is not root.
func oneUser() bool {
	text, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(text))
	return err == nil && len(fields) == 3 && fields[2] == "1"
}

// exec is what `docker compose exec parley /parley …` does.
func (c *container) exec(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := c.command(args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("parley %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// server is the container's first process.
type server struct {
	c      *container
	cmd    *exec.Cmd
	exited chan error
}

func (c *container) start(t *testing.T) *server {
	t.Helper()
	s := &server{c: c, cmd: c.command(), exited: make(chan error, 1)}
	s.cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWPID // so it is process 1
	s.cmd.Stderr = t.Output()
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("%v; %s", err, advice)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	greeted := make(chan string, 1)
	go func() {
		var text strings.Builder
		for lines := bufio.NewScanner(out); lines.Scan(); {
			fmt.Fprintln(&text, lines.Text())
			if strings.Contains(lines.Text(), "Ctrl-C") {
				greeted <- text.String()
			}
		}
		s.exited <- s.cmd.Wait()
	}()
	select {
	case text := <-greeted:
		t.Log(text)
	case err := <-s.exited:
		t.Fatalf("the server ended at its start: %v", err)
	case <-time.After(patience):
		t.Fatal("the server did not start")
	}
	return s
}

// stop is what an engine does: it asks, and after a time it kills.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.exited:
		if err != nil {
			t.Errorf("the server ended with %v", err)
		}
	case <-time.After(s.c.StopTimeout):
		t.Error("the server would have been killed")
	}
}

// relay stands for a service at addr that is really at a socket outside.
func relay(t *testing.T, addr, socket string) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("unix", socket)
			if err != nil {
				in.Close()
				continue
			}
			for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
				go func() {
					_, _ = io.Copy(pair[0], pair[1]) // ends with either side
					pair[0].Close()
				}()
			}
		}
	}()
}

// files lists what a volume holds, and checks that only certificates are public.
func (c *container) files(t *testing.T, volume string) []string {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(c.Volumes[volume], func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(c.Volumes[volume], path)
		found[rel] = true
		if info, err := d.Info(); err != nil || info.Mode().Perm()&0o077 != 0 && filepath.Ext(rel) != ".crt" {
			t.Errorf("%s: others may read it (%v)", rel, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found))
}
