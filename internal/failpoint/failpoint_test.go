//go:build unix

package failpoint_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/internal/failpoint"
)

func TestArmed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tags      string
		arm       failpoint.Point
		passes    int64
		committed int
		killed    bool
		skew      int
	}{
		{"faults", failpoint.AfterCommit, 3, 2, true, 2},
		{"faults", failpoint.BeforeCommit, 1, 0, true, 2},
		{"faults", failpoint.BeforeCommit, 6, 5, false, 2},
		{"faults", failpoint.BeforeAck, 1, 5, false, 2},
		{"", failpoint.BeforeCommit, 1, 5, false, 0}, // what is shipped cannot be armed
	} {
		t.Run(fmt.Sprintf("%s %v %d", tt.tags, tt.arm, tt.passes), func(t *testing.T) {
			t.Parallel()
			c, err := failpoint.NewControl(filepath.Join(t.TempDir(), "control"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			c.SetClock(2 * time.Hour)
			c.Arm(tt.arm, tt.passes)
			out, killed := runVictim(t, tt.tags, c.Env())
			if got := strings.Count(out, "committed"); got != tt.committed || killed != tt.killed {
				t.Errorf("%d commits, killed %v; want %d, %v", got, killed, tt.committed, tt.killed)
			}
			if want := fmt.Sprintf("skew %d\n", tt.skew); !strings.HasPrefix(out, want) {
				t.Errorf("got %q, want %q first", out, want)
			}
		})
	}
}

// runVictim runs a program that passes points, built as the campaign builds the
// server.
func runVictim(t *testing.T, tags, env string) (out string, killed bool) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "victim")
	if text, err := exec.Command("go", "build", "-tags", tags, "-o", binary, "./testdata/victim").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), env)
	text, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status, _ := exit.Sys().(syscall.WaitStatus)
		return string(text), status.Signaled() && status.Signal() == syscall.SIGKILL
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text), false
}
