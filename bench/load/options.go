package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bench/client"
	"parley/bench/parley"
	"parley/bench/wire"
	"parley/bench/workload"
)

// options are a command line.
type options struct {
	spec     workload.Spec
	work     workload.Options
	target   workload.Target // unless spawn
	spawn    bool
	postgres string
	archive  string
	logLevel string
	binary   string // Parley's, "" to build it
	profiles profiles
	json     string
	limit    time.Duration
	quiet    bool
	progress func(format string, args ...any)

	addr, transport, mechanism, passwordFile, pids string
}

var errHelp = errors.New("help was asked for")

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: load WORKLOAD -spawn | -addr ADDRESS … (load WORKLOAD -help shows all flags)\n\nworkloads:")
	for _, s := range workload.All {
		fmt.Fprintf(w, "  %-10s %s\n", s.Name, s.Doc)
	}
}

func parse(args []string, stderr io.Writer) (*options, error) {
	if len(args) == 0 || slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]) {
		usage(stderr)
		return nil, errHelp
	}
	spec, ok := workload.Find(args[0])
	if !ok {
		usage(stderr)
		return nil, fmt.Errorf("there is no workload %q", args[0])
	}
	o := &options{spec: spec}
	f := o.flags(stderr)
	if err := f.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return nil, errHelp
	} else if err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q is not a flag", f.Arg(0))
	}
	o.work = o.work.Or(spec.Defaults)
	if err := errors.Join(o.checkBounds(), o.checkTarget()); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *options) flags(stderr io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet(o.spec.Name, flag.ContinueOnError)
	f.SetOutput(stderr)
	d, w := o.spec.Defaults, &o.work
	number := func(p *int, name, doc string, d int) { f.IntVar(p, name, 0, doc+" (default "+strconv.Itoa(d)+")") }
	length := func(p *time.Duration, name, doc string, d time.Duration) {
		f.DurationVar(p, name, 0, doc+" (default "+d.String()+")")
	}
	number(&w.Users, "users", "accounts to use; presence: contacts", d.Users)
	number(&w.Pairs, "pairs", "pairs of users who chat", d.Pairs)
	number(&w.Count, "count", "operations to measure; 0: as many as -duration allows", d.Count)
	number(&w.Rate, "rate", "messages per second", d.Rate)
	number(&w.Size, "size", "bytes of a message's text", d.Size)
	number(&w.Batch, "batch", "offline: messages while a user is away; archive: messages for an acknowledgement; paging: rows of a page", d.Batch)
	number(&w.Items, "items", "contacts in a roster", d.Items)
	number(&w.Rows, "rows", "messages in an archive", d.Rows)
	f.IntVar(&w.First, "first", 0, "number of the first account to use")
	number(&w.Parallel, "parallel", "logins under way at once", d.Parallel)
	length(&w.Duration, "duration", "how long to measure", d.Duration)
	length(&w.Warmup, "warmup", "how long before that", d.Warmup)
	length(&w.Settle, "settle", "how long to wait before memory is read", d.Settle)
	length(&w.Patience, "patience", "a delivery that is missing for so long is lost", d.Patience)
	f.BoolVar(&w.FullJID, "full-jid", false, "write to full JIDs instead of bare ones")

	f.BoolVar(&o.spawn, "spawn", false, "build and start Parley, with accounts of its own")
	f.StringVar(&o.transport, "transport", "", "with -spawn: ws or tcp (default ws)")
	f.StringVar(&o.archive, "archive", "always", "with -spawn: what is archived: always or never")
	f.StringVar(&o.postgres, "postgres", "", "with -spawn: the URL of a Postgres database instead of SQLite")
	f.StringVar(&o.binary, "parley", "", "with -spawn: a parley that is built already")
	f.StringVar(&o.logLevel, "log-level", "warn", "with -spawn: Parley's log level")
	f.StringVar(&o.profiles.cpu, "cpuprofile", "", "with -spawn: write a CPU profile of the server here")
	f.StringVar(&o.profiles.mem, "memprofile", "", "with -spawn: write an allocation profile of the server here")
	f.StringVar(&o.profiles.mutex, "mutexprofile", "", "with -spawn: write a profile of contended locks here")
	f.StringVar(&o.addr, "addr", "", "the server: ws://host:port/path, or host:port for TCP; loopback only")
	f.StringVar(&o.target.Domain, "domain", "localhost", "the server's domain")
	f.StringVar(&o.target.Prefix, "prefix", "user", "accounts are named prefix and a number from 0")
	f.StringVar(&o.passwordFile, "password-file", "", "a file with the password of all accounts")
	f.StringVar(&o.pids, "server-pid", "", "processes to measure with all their children, comma-separated; with -spawn: further ones, a database")
	f.StringVar(&o.mechanism, "mechanism", string(client.ScramSHA1), "PLAIN, SCRAM-SHA-1, SCRAM-SHA-256, or HT-SHA-256-NONE: with a token, in one round trip")
	f.StringVar(&o.json, "json", "", "append the results as a line of JSON to this file; -: standard output")
	f.DurationVar(&o.limit, "limit", 15*time.Minute, "the whole run ends after this time, in failure")
	f.BoolVar(&o.quiet, "quiet", false, "no progress on standard error")
	return f
}

func (o *options) checkBounds() error {
	w := o.work
	within := func(name string, n, low, high int) error {
		if n < low || n > high {
			return fmt.Errorf("-%s %d: %d to %d is possible", name, n, low, high)
		}
		return nil
	}
	var errs []error
	if o.spec.Defaults.Users > 0 {
		errs = append(errs, within("users", w.Users, 1, workload.MaxUsers))
	}
	if o.spec.Defaults.Pairs > 0 {
		errs = append(errs, within("pairs", w.Pairs, 1, workload.MaxUsers/2))
	}
	if o.spec.Defaults.Rate > 0 {
		errs = append(errs, within("rate", w.Rate, 1, workload.MaxRate))
	}
	for _, b := range []struct {
		name         string
		n, used, max int
	}{
		{"batch", w.Batch, o.spec.Defaults.Batch, workload.MaxBatch}, {"items", w.Items, o.spec.Defaults.Items, workload.MaxItems},
		{"rows", w.Rows, o.spec.Defaults.Rows, workload.MaxRows},
	} {
		if b.used > 0 {
			errs = append(errs, within(b.name, b.n, 1, b.max))
		}
	}
	errs = append(errs, within("first", w.First, 0, workload.MaxUsers), within("count", w.Count, 0, workload.MaxCount), within("size", w.Size, 1, 100_000),
		within("parallel", w.Parallel, 1, 1000))
	for name, d := range map[string]time.Duration{
		"duration": w.Duration, "warmup": w.Warmup, "settle": w.Settle, "patience": w.Patience, "limit": o.limit,
	} {
		if d <= 0 || d > workload.MaxDuration {
			errs = append(errs, fmt.Errorf("-%s %v: up to %v is possible", name, d, workload.MaxDuration))
		}
	}
	return errors.Join(errs...)
}

func (o *options) checkTarget() (err error) {
	t := &o.target
	t.Mechanism = client.Mechanism(o.mechanism)
	if !slices.Contains(client.Mechanisms, t.Mechanism) {
		return fmt.Errorf("-mechanism %s: use one of %v", o.mechanism, client.Mechanisms)
	}
	if t.Processes, err = processes(o.pids); err != nil {
		return err
	}
	if o.spawn {
		return o.checkSpawn()
	}
	switch {
	case o.addr == "":
		return errors.New("which server? Use -spawn, or -addr with -password-file")
	case o.transport != "" || o.postgres != "" || o.binary != "" || o.profiles.any():
		return errors.New("-transport, -postgres, -parley and profiles need -spawn")
	}
	if t.Address, err = wire.ParseAddress(o.addr); err != nil {
		return err
	}
	b, err := os.ReadFile(o.passwordFile)
	if err != nil {
		return fmt.Errorf("-password-file: %w", err)
	}
	t.Password = strings.TrimRight(string(b), "\r\n")
	return nil
}

func (o *options) checkSpawn() error {
	if o.transport == "" {
		o.transport = "ws"
	}
	switch {
	case o.addr != "":
		return errors.New("-spawn starts a server, -addr names one: use one of them")
	case o.transport != "ws" && o.transport != "tcp":
		return fmt.Errorf("-transport %s: use ws or tcp", o.transport)
	case o.binary != "" && o.profiles.any():
		return errors.New("profiles are taken of the parley that is built in here, not of -parley")
	}
	return nil
}

func processes(list string) (pids []int, err error) {
	for s := range strings.SplitSeq(list, ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		pid, err := strconv.Atoi(s)
		if err != nil || pid < 1 {
			return nil, fmt.Errorf("-server-pid: %q is not a process", s)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// spawned is the target that a started server is.
func (o *options) spawned(s *parley.Server) (workload.Target, error) {
	addr := s.WebSocket
	if o.transport == "tcp" {
		addr = s.TCP
	}
	at, err := wire.ParseAddress(addr)
	return workload.Target{
		Address: at, Domain: s.Domain, Prefix: s.Prefix, Password: s.Password,
		Mechanism: o.target.Mechanism, Processes: append([]int{s.PID}, o.target.Processes...),
	}, err
}
