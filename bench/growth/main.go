// Command growth measures what an operation costs Parley as there is more of
// everything: sessions, accounts, contacts, archived messages; with one CPU and
// with two; and, where storage takes part, on SQLite and on Postgres. It writes
// the figures as CSV, of which bench/growth/draw makes curves.
//
//	make growth                                   # measures and draws: docs/growth
//	go run ./bench/growth -only chat -sessions 100,1000
//
// What the machine has too few descriptors for is left out, and that is said.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"parley/internal/pgtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

// options are a command line.
type options struct {
	out      string
	only     *regexp.Regexp
	duration time.Duration
	sizes    map[string][]int // by what grows
	cpus     []int
	binary   string
	say      func(format string, args ...any)
}

// steps are the sizes that are measured unless others are asked for.
var steps = []struct{ what, sizes string }{
	{"sessions", "100,1000,10000,50000"},
	{"accounts", "100,1000,10000,100000"},
	{"contacts", "10,100,500,2000"},
	{"rows", "1000,10000,100000,1000000"},
	{"cpus", "1,2"},
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("growth", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.out, "out", "docs/growth/growth.csv", "where the figures go")
	f.StringVar(&o.binary, "parley", "", "a parley that is built already")
	f.DurationVar(&o.duration, "duration", 4*time.Second, "of each measurement")
	only := f.String("only", "", "a regular expression: figures to measure")
	lists := map[string]*string{}
	for _, s := range steps {
		lists[s.what] = f.String(s.what, s.sizes, "sizes to measure")
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.sizes = map[string][]int{}
	for what, list := range lists {
		if o.sizes[what], err = numbers(*list); err != nil {
			return o, fmt.Errorf("-%s: %w", what, err)
		}
	}
	o.cpus = o.sizes["cpus"]
	o.say = func(format string, args ...any) { fmt.Fprintf(stderr, "growth: "+format+"\n", args...) }
	o.only, err = regexp.Compile(*only)
	return o, err
}

func numbers(list string) ([]int, error) {
	var all []int
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a list of sizes", list)
		}
		all = append(all, n)
	}
	return all, nil
}

func run(ctx context.Context, args []string, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "parley-growth-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.binary == "" {
		o.binary = filepath.Join(dir, "parley")
		if out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", o.binary, "parley/cmd/parley").CombinedOutput(); err != nil {
			return fmt.Errorf("parley cannot be built: %w\n%s", err, out)
		}
	}
	postgres, err := pgtest.NewServer("")
	if err != nil {
		return err
	}
	defer postgres.Remove()
	if err := os.MkdirAll(filepath.Dir(o.out), 0o755); err != nil {
		return err
	}
	return o.measureAll(ctx, postgres)
}

// measureAll writes the file anew after each figure: what was measured is kept.
func (o options) measureAll(ctx context.Context, postgres *pgtest.Server) error {
	text := "figure,across,up,curve,x,y\n"
	for _, f := range figures {
		if !o.only.MatchString(f.name) {
			continue
		}
		rows, err := o.measure(ctx, f, postgres)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		text += rows
		if err := os.WriteFile(o.out, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
