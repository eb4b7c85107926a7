package deploy_test

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/config"
)

// unitFile is the unit's settings: all values of each key.
func unitFile(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for lines := bufio.NewScanner(strings.NewReader(readFile(t, root, "deploy", "parley.service"))); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), "=")
		if ok && !strings.HasPrefix(key, "#") {
			out[key] = append(out[key], value)
		}
	}
	return out
}

// What the unit says and what the server does must agree.
func TestSystemdUnit(t *testing.T) {
	t.Parallel()
	unit := unitFile(t)
	cfg, err := config.Load(unit["Environment"], "")
	if err != nil {
		t.Fatal(err)
	}
	if want := "/var/lib/" + unit["StateDirectory"][0]; cfg.DataDir != want {
		t.Errorf("data in %s, which is not the service's %s", cfg.DataDir, want)
	}
	if grace, err := time.ParseDuration(unit["TimeoutStopSec"][0]); err != nil || grace <= cfg.ShutdownGrace {
		t.Errorf("systemd waits %v for the server to stop, which takes up to %v", grace, cfg.ShutdownGrace)
	}
	if got := unit["ExecReload"]; !slices.Equal(got, []string{"/bin/kill -HUP $MAINPID"}) {
		t.Errorf("reload: %q", got)
	}
	for _, key := range []string{"AmbientCapabilities", "CapabilityBoundingSet"} {
		if got := unit[key]; !slices.Equal(got, []string{"CAP_NET_BIND_SERVICE"}) {
			t.Errorf("%s is %q", key, got)
		}
	}
	for key, want := range map[string]string{
		"DynamicUser": "yes", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes",
		"PrivateDevices": "yes", "MemoryDenyWriteExecute": "yes", "RestrictNamespaces": "yes",
	} {
		if got := unit[key]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s is %q", key, got)
		}
	}
}

// maxExposure is what systemd may think of the unit at most: 10 is a service
// without any protection.
const maxExposure = 1.5

func TestSystemdJudgesTheUnit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "parley.service")
	// The unit, with a program that is there.
	writeFile(t, strings.ReplaceAll(readFile(t, root, "deploy", "parley.service"), "/usr/local/bin/parley serve", "/bin/true serve"), path)
	if out, err := exec.Command("systemd-analyze", "verify", path).CombinedOutput(); err != nil || strings.Contains(string(out), "parley.service:") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", path).CombinedOutput()
	m := regexp.MustCompile(`Overall exposure level for parley.service: ([\d.]+)`).FindSubmatch(out)
	if err != nil || m == nil {
		t.Fatalf("systemd-analyze security: %v\n%s", err, out)
	}
	if got, err := strconv.ParseFloat(string(m[1]), 64); err != nil || got > maxExposure {
		t.Errorf("systemd calls its exposure %s, want at most %v", m[1], maxExposure)
	}
}
