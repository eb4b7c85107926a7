package clients_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// npmCI returns what installs the packages that a folder's lock file names,
// where they are missing.
func npmCI(dir string) func() error {
	return func() error {
		if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err == nil {
			return nil
		}
		cmd := exec.Command("npm", "ci")
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stderr, os.Stderr
		return cmd.Run()
	}
}

func needPackages(t *testing.T, install func() error) {
	t.Helper()
	if err := install(); err != nil {
		t.Fatalf("npm ci: %v; Node.js 20.19 or newer must be installed", err)
	}
}
