// Command compare measures XMPP servers side by side: Prosody and ejabberd of
// Debian's packages, a relay that is the floor, and Parley, each started by
// itself on this machine, in turn, several rounds. It prints a table of medians
// in Markdown: server CPU per operation, its children and the database included,
// and memory per session.
//
//	bench/compare/run.sh           # installs the peers, builds, measures: make bench
//	bench/compare/run.sh -quick    # make bench-quick
//
// Whatever a server loses, doubles or refuses is shown in its place, and the exit
// code is 1. docs/benchmarks.md says what is measured and how.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"parley/bench/proc"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// quickLines are those of a quick run.
const quickLines = "login-scram|chat|rate|presence|offline|roster|tcp-chat|idle|archive|paging"

// idleSessions is how many a full run holds.
const idleSessions = 10_000

// options are a command line.
type options struct {
	bin      string // where the built programs are
	targets  []string
	rounds   int
	duration time.Duration
	sessions int
	users    int           // who log in
	settle   time.Duration // before memory is read
	only     *regexp.Regexp
	json     string
	table    string // of an earlier run's JSON
	command  string
	progress io.Writer
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.SetOutput(stderr)
	quick := f.Bool("quick", false, "one short round with few sessions, for a look")
	targets := f.String("targets", "prosody,ejabberd,floor,parley", "whom to measure, in this order; parley:PATH is another build of Parley")
	only := f.String("only", "", "a regular expression: lines of the table to measure")
	f.StringVar(&o.bin, "bin", "bin/bench", "the folder of the built programs parley and floor")
	f.IntVar(&o.rounds, "rounds", 3, "how often each server is measured")
	f.DurationVar(&o.duration, "duration", 5*time.Second, "of each measurement")
	f.IntVar(&o.sessions, "sessions", idleSessions, "idle sessions")
	f.StringVar(&o.json, "json", "", "append every single result to this file")
	f.StringVar(&o.table, "table", "", "measure nothing: print the table of such a file")
	o.users, o.settle = 200, 3*time.Second
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if *quick {
		given := o.sessions
		o.rounds, o.duration, o.sessions, o.users, o.settle = 1, time.Second, 1000, 50, time.Second
		if *only == "" {
			*only = "^(" + quickLines + ")$"
		}
		if given != idleSessions {
			o.sessions = given
		}
	}
	if f.NArg() > 0 || o.rounds < 1 || o.sessions < 1 || o.duration <= 0 {
		return o, errors.New("bad arguments; -help shows what is possible")
	}
	o.targets, o.command, o.progress = strings.Split(*targets, ","), "compare "+strings.Join(args, " "), stderr
	o.only, err = regexp.Compile(*only)
	return o, err
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.table != "" {
		return printFile(o.table, stdout)
	}
	const spare = 200 // of descriptors
	if err := proc.AllowFiles(uint64(o.sessions + spare)); err != nil {
		return err
	}
	if err := installed(o.targets, o.bin); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "parley-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c := &comparison{options: o, dir: dir, peers: map[place]*peer{}}
	defer c.stop()
	err = c.measure(ctx)
	table(stdout, c.records)
	return err
}

// printFile prints what an earlier run has measured.
func printFile(path string, stdout io.Writer) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	defer f.Close()
	var all []record
	for d := json.NewDecoder(f); ; {
		var r record
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			table(stdout, all)
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, r)
	}
}
