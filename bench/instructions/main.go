// Command instructions counts the machine instructions of fixed work, which do
// not depend on who else uses the machine, and compares them with a reference.
// It is what tells a slower message path from a busy afternoon.
//
//	go run ./bench/instructions            # make instructions
//	go run ./bench/instructions -update    # after a change that is meant
//
// A Go benchmark runs under valgrind's cachegrind twice, with few and with many
// operations; the difference, divided, is one operation without its start. One
// thread, no garbage collection and no preemption by signals keep it repeatable
// to about one part in a hundred.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// work is a benchmark, and how often an iteration does what is counted.
type work struct {
	name, pkg, benchmark string
	few, many, each      int
}

var all = []work{
	{"routed-chat-message", "./internal/router", "BenchmarkMessage", 2000, 12000, 1},
	{"presence-notification", "./internal/router", "BenchmarkFanOut", 5, 25, 1000},
	{"delivery-start-tag", "./stanza", "BenchmarkDeliver", 2000, 12000, 1},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "instructions:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	f := flag.NewFlagSet("instructions", flag.ContinueOnError)
	file := f.String("reference", "bench/instructions/reference.txt", "what to compare with")
	tolerance := f.Float64("tolerance", 3, "by how many percent more is too many")
	update := f.Bool("update", false, "write the reference")
	if err := f.Parse(args); err != nil {
		return err
	}
	if _, err := exec.LookPath("valgrind"); err != nil {
		return fmt.Errorf("%w: apt-get install valgrind", err)
	}
	var want reference
	if !*update {
		var err error
		if want, err = readReference(*file); err != nil {
			return err
		}
	}
	got, err := countAll(ctx)
	if err != nil {
		return err
	}
	if *update {
		return got.write(*file)
	}
	return compare(stdout, got, want, *tolerance)
}

// countAll runs all work.
func countAll(ctx context.Context) (reference, error) {
	got := reference{version: runtime.Version(), counts: map[string]float64{}}
	dir, err := os.MkdirTemp("", "parley-instructions-")
	if err != nil {
		return got, err
	}
	defer os.RemoveAll(dir)
	for _, w := range all {
		if got.counts[w.name], err = w.count(ctx, dir); err != nil {
			return got, fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return got, nil
}

// count returns the instructions of one operation.
func (w work) count(ctx context.Context, dir string) (float64, error) {
	binary := filepath.Join(dir, strings.ReplaceAll(w.pkg, "/", "_")+".test")
	if out, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, w.pkg).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, out)
	}
	few, err := w.total(ctx, binary, w.few)
	if err != nil {
		return 0, err
	}
	many, err := w.total(ctx, binary, w.many)
	return (many - few) / float64((w.many-w.few)*w.each), err
}

var refs = regexp.MustCompile(`I\s+refs:\s+([\d,]+)`)

// total counts the instructions of a whole run.
func (w work) total(ctx context.Context, binary string, n int) (float64, error) {
	cmd := exec.CommandContext(ctx, "valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
		binary, "-test.run", "^$", "-test.bench", "^"+w.benchmark+"$", "-test.benchtime", strconv.Itoa(n)+"x")
	cmd.Dir = w.pkg // where its test data is
	cmd.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1", "GOMAXPROCS=1", "GOGC=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w\n%s", err, out)
	}
	m := refs.FindSubmatch(out)
	if m == nil || !strings.Contains(string(out), w.benchmark) {
		return 0, fmt.Errorf("the benchmark did not run, or was not counted:\n%s", out)
	}
	return strconv.ParseFloat(strings.ReplaceAll(string(m[1]), ",", ""), 64)
}

// reference is what was counted, and by which compiler's code.
type reference struct {
	version string
	counts  map[string]float64
}

func readReference(path string) (reference, error) {
	r := reference{counts: map[string]float64{}}
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return r, fmt.Errorf("%w: run with -update to write it", err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), " ")
		if name == "go" {
			r.version = value
			continue
		}
		if r.counts[name], err = strconv.ParseFloat(value, 64); err != nil {
			return r, fmt.Errorf("%s: %w", path, err)
		}
	}
	return r, nil
}

func (r reference) write(path string) error {
	text := "go " + r.version + "\n"
	for _, w := range all {
		text += fmt.Sprintf("%s %.0f\n", w.name, r.counts[w.name])
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// compare prints both, and fails when it has become more. Code of another
// compiler is no reason to fail.
func compare(w io.Writer, got, want reference, tolerance float64) error {
	var errs []error
	for _, work := range all {
		is, was := got.counts[work.name], want.counts[work.name]
		change := 100 * (is - was) / was
		fmt.Fprintf(w, "%-24s %8.0f instructions, reference %8.0f: %+.1f %%\n", work.name, is, was, change)
		if math.IsNaN(change) || change > tolerance {
			errs = append(errs, fmt.Errorf("%s takes %.0f instructions, %+.1f %%: more than %g %% above the reference", work.name, is, change, tolerance))
		}
	}
	if got.version != want.version {
		fmt.Fprintf(w, "the reference is of %s, this is %s: not judged\n", want.version, got.version)
		return nil
	}
	return errors.Join(errs...)
}
