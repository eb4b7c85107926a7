// Package deploy tests the container files without a container engine: the
// compose file with the library that Docker Compose reads it with, the
// Dockerfile by doing what it says, and the image by running the binary in
// namespaces of its own, on a read-only root, as the image's user.
package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"parley/internal/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(tidy{m})) }

var scratch string // a folder for what the tests share

// tidy runs the tests with the folder.
type tidy struct{ m *testing.M }

func (r tidy) Run() int {
	var err error
	if scratch, err = os.MkdirTemp("", "parley-deploy-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(scratch)
	return r.m.Run()
}

const root = "../.." // of the repository

func readFile(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t *testing.T, text string, path ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path...), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
