package deploy_test

import (
	"debug/elf"
	"encoding/json"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/internal/config"
)

// instruction is a line of a Dockerfile, with its continuations.
type instruction struct{ name, args string }

// dockerfile returns the instructions of each stage.
func dockerfile(t *testing.T) (stages [][]instruction) {
	t.Helper()
	text := regexp.MustCompile(`(?m)^\s*#.*\n`).ReplaceAllString(readFile(t, root, "Dockerfile"), "")
	text = regexp.MustCompile(`\\\n\s*`).ReplaceAllString(text, "")
	for line := range strings.Lines(text) {
		name, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name {
		case "":
			continue
		case "FROM":
			stages = append(stages, nil)
		}
		last := len(stages) - 1
		stages[last] = append(stages[last], instruction{name, strings.TrimSpace(args)})
	}
	return stages
}

// the returns the arguments of an instruction that stands there once.
func the(t *testing.T, stage []instruction, name string) string {
	t.Helper()
	args := all(stage, name)
	if len(args) != 1 {
		t.Fatalf("%s stands there %d times", name, len(args))
	}
	return args[0]
}

func all(stage []instruction, name string) (args []string) {
	for _, in := range stage {
		if in.name == name {
			args = append(args, in.args)
		}
	}
	return args
}

// imageEnv is what the image sets, as NAME=value.
func imageEnv(t *testing.T) []string {
	t.Helper()
	stages := dockerfile(t)
	return strings.Fields(the(t, stages[len(stages)-1], "ENV"))
}

func execForm(t *testing.T, args string) (words []string) {
	t.Helper()
	if err := json.Unmarshal([]byte(args), &words); err != nil {
		t.Fatalf("%s is not in the exec form, and the image has no shell: %v", args, err)
	}
	return words
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	stages := dockerfile(t)
	if len(stages) != 2 {
		t.Fatalf("%d stages", len(stages))
	}
	final := stages[1]
	if from := the(t, final, "FROM"); from != "scratch" {
		t.Errorf("the image is made from %s", from)
	}
	if user := the(t, final, "USER"); !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(user) {
		t.Errorf("USER %s: an engine that forbids root must see a number", user)
	}
	if words := execForm(t, the(t, final, "ENTRYPOINT")); !slices.Equal(words, []string{"/parley"}) {
		t.Errorf("ENTRYPOINT %q", words)
	}
	_, check, _ := strings.Cut(the(t, final, "HEALTHCHECK"), "CMD ")
	if words := execForm(t, check); !slices.Equal(words, []string{"/parley", "health"}) {
		t.Errorf("HEALTHCHECK %q", words)
	}
	cfg, err := config.Load(imageEnv(t), "")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.DataDir != the(t, final, "VOLUME") || cfg.Registration != config.RegistrationClosed {
		t.Errorf("data in %s, registration %s", cfg.DataDir, cfg.Registration)
	}
	var ports []string
	for _, addr := range cfg.Listeners() {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, port)
	}
	if got := strings.Fields(the(t, final, "EXPOSE")); !slices.Equal(got, ports) {
		t.Errorf("EXPOSE %q, listeners on %q", got, ports)
	}
	from := the(t, stages[0], "FROM")
	goMod := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readFile(t, root, "go.mod"))
	if !strings.HasPrefix(from, "golang:"+goMod[1]+"-") || !strings.HasSuffix(from, " AS build") {
		t.Errorf("it is built with %s, go.mod asks for %s", from, goMod[1])
	}
}

var image struct {
	once sync.Once
	out  string // what the Dockerfile calls /out
}

// imageFiles returns the folder that the Dockerfile calls /out.
func imageFiles(t *testing.T) string {
	t.Helper()
	image.once.Do(func() { buildImage(t, filepath.Join(scratch, "out")) })
	if image.out == "" {
		t.Fatal("the image cannot be built")
	}
	return image.out
}

// buildImage does what the Dockerfile's RUN lines do, in the context that an
// engine would send.
func buildImage(t *testing.T, out string) {
	t.Helper()
	src := t.TempDir()
	copyContext(t, src)
	for _, script := range all(dockerfile(t)[0], "RUN") {
		script = regexp.MustCompile(`--mount=\S+`).ReplaceAllString(script, "")
		cmd := exec.Command("sh", "-euc", strings.ReplaceAll(script, "/out", out))
		cmd.Dir, cmd.Env = src, append(os.Environ(), "VERSION=test")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, text)
		}
	}
	if libraries := needed(t, filepath.Join(out, "parley")); libraries != nil {
		t.Fatalf("the binary is not static: %q", libraries)
	}
	image.out = out
}

// needed names what the binary needs besides itself.
func needed(t *testing.T, binary string) []string {
	t.Helper()
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return []string{"a dynamic linker"}
		}
	}
	libraries, _ := f.ImportedLibraries() // an error is: no such section
	return libraries
}

// copyContext copies the repository without what .dockerignore names.
func copyContext(t *testing.T, to string) {
	t.Helper()
	ignored := strings.Fields(readFile(t, root, ".dockerignore"))
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		rel, err := filepath.Rel(root, name)
		switch {
		case err != nil:
			return err
		case isIgnored(ignored, rel) && d.IsDir():
			return fs.SkipDir
		case isIgnored(ignored, rel):
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		return copyFile(name, filepath.Join(to, rel), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// isIgnored knows as much of the patterns as the file uses.
func isIgnored(patterns []string, rel string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		name := rel
		if anywhere, ok := strings.CutPrefix(pattern, "**/"); ok {
			pattern, name = anywhere, path.Base(rel)
		}
		matched, err := path.Match(pattern, name)
		return matched && err == nil
	})
}

func copyFile(from, to string, mode fs.FileMode) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, mode)
}
