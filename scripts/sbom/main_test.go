package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const lock = "../../webclient/package-lock.json"

// The server itself: the binary of a test does not name its modules.
func TestBill(t *testing.T) {
	t.Parallel()
	server := filepath.Join(t.TempDir(), "parley")
	if out, err := exec.Command("go", "build", "-o", server, "parley/cmd/parley").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var first, second bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &second} {
		if err := write(w, server, lock); err != nil {
			t.Fatal(err)
		}
	}
	if first.String() != second.String() {
		t.Error("two runs differ")
	}
	var b bom
	if err := json.Unmarshal(first.Bytes(), &b); err != nil {
		t.Fatal(err)
	}
	checkBill(t, b)
}

func checkBill(t *testing.T, b bom) {
	t.Helper()
	parts := map[string]component{}
	for _, c := range b.Components {
		name, _, _ := strings.Cut(c.PURL[1:], "@")
		if parts[name].Ref != "" {
			t.Errorf("%s is there twice", c.Ref)
		}
		parts[name] = c
	}
	for _, want := range []string{"kg:golang/std", "kg:golang/github.com/coder/websocket", "kg:npm/strophe.js", "kg:npm/preact", "kg:npm/%40preact/signals"} {
		if c := parts[want]; c.Version == "" || len(c.Hashes)+len(c.Properties) == 0 && !strings.HasSuffix(want, "/std") {
			t.Errorf("p%s: %+v", want, c)
		}
	}
	for _, tool := range []string{"vite", "typescript", "ws", "saxes"} {
		if parts["kg:npm/"+tool].Ref != "" {
			t.Errorf("%s is not in the page", tool)
		}
	}
	if len(b.Dependencies) != 1 || len(b.Dependencies[0].DependsOn) != len(b.Components) {
		t.Errorf("dependencies: %v", b.Dependencies)
	}
	for _, h := range parts["kg:npm/preact"].Hashes {
		if h.Algorithm != "SHA-512" || len(h.Content) != 128 {
			t.Errorf("hash %v", h)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	weak := filepath.Join(t.TempDir(), "lock.json")
	if err := os.WriteFile(weak, []byte(`{"packages":{"node_modules/a":{"version":"1.0.0","integrity":"sha1-AAAA"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][2]string{
		"no binary": {lock, lock}, "no lock file": {self, weak + "x"}, "weak hash": {self, weak}, "no JSON": {self, "main.go"},
	} {
		var out bytes.Buffer
		if err := write(&out, args[0], args[1]); err == nil || out.Len() > 0 {
			t.Errorf("%s: no error, or half a bill: %v, %s", name, err, out.String())
		}
	}
}
