package proc

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	const line = "42 (a) b (c) S 7 42 42 0 -1 4194560 100 200 0 0 11 22 33 44 20 0 5 0 100 1000 10"
	got, ok := parseStat([]byte(line))
	if want := (stat{pid: 42, parent: 7, ticks: 11 + 22 + 33 + 44}); !ok || got != want {
		t.Errorf("got %+v, %v, want %+v", got, ok, want)
	}
	for _, bad := range []string{"", "42 (a", "42 (a) S 7", "42 (a) Z" + line[12:], strings.Replace(line, "33", "x", 1)} {
		if got, ok := parseStat([]byte(bad)); ok {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}

// TestChildren: what a process and its child use counts, also after the child
// has ended.
func TestChildren(t *testing.T) {
	t.Parallel()
	// The shell is one process and each (…) another; cat waits for us to close its input.
	cmd := exec.Command("sh", "-c", "(i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done); echo done; (cat; true); true")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait() //nolint:errcheck // its result is of no interest
	defer in.Close()
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	u, err := CPU([]int{cmd.Process.Pid})
	if err != nil || u.CPU < tick || u.CPU > time.Minute || u.Processes < 1 {
		t.Errorf("got %+v, %v", u, err)
	}
	m, err := Resident([]int{cmd.Process.Pid})
	if err != nil || m.RSS < 100<<10 || m.PSS > m.RSS || m.PSS == 0 {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestGone(t *testing.T) {
	t.Parallel()
	if _, err := CPU([]int{os.Getpid(), 4194305}); err == nil || !strings.Contains(err.Error(), "4194305 has ended") {
		t.Errorf("got %v", err)
	}
}

func TestAllowFiles(t *testing.T) {
	t.Parallel()
	if err := AllowFiles(10); err != nil {
		t.Error(err)
	}
	if err := AllowFiles(1 << 40); err == nil || !strings.Contains(err.Error(), "file descriptors") {
		t.Errorf("got %v", err)
	}
}
