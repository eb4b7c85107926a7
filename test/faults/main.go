// Command faults leads a fault campaign against a server and prints what came
// out; it fails when an acknowledged message was lost, doubled or put out of
// order. `make faults` runs the long form, `go test ./test/faults` a short one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"parley/test/faults/campaign"
)

func main() {
	if code, done := inOwnMounts(); done {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var errBroken = errors.New("faults: the server broke its promise")

func run(ctx context.Context, args []string) error {
	cfg, json, err := parse(args)
	if err != nil {
		return err
	}
	began := time.Now()
	cfg.Logf = func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%7.1f %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	if cfg.Dir, err = campaign.NewDir(); err != nil {
		return err
	}
	report, err := campaign.Run(ctx, cfg)
	if report != nil {
		if e := print(report, json); err == nil {
			err = e
		}
	}
	if err == nil && !report.OK() {
		err = errBroken
	}
	if err != nil {
		return fmt.Errorf("%w; files are in %s", err, cfg.Dir)
	}
	return os.RemoveAll(cfg.Dir)
}

func print(r *campaign.Report, path string) error {
	if err := r.Text(os.Stdout); err != nil || path == "" {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.JSON(f)
}

func parse(args []string) (cfg campaign.Config, json string, err error) {
	cfg = campaign.Default()
	f := flag.NewFlagSet("faults", flag.ContinueOnError)
	f.StringVar(&cfg.Target, "target", cfg.Target, "server: parley, prosody or ejabberd")
	f.StringVar(&cfg.Store, "store", cfg.Store, "files (the server's own) or postgres")
	f.Uint64Var(&cfg.Seed, "seed", cfg.Seed, "of the schedule and of the clients")
	f.IntVar(&cfg.Users, "users", cfg.Users, "clients, one for each account")
	f.IntVar(&cfg.Window, "window", cfg.Window, "unacknowledged messages of a client")
	f.IntVar(&cfg.Kills, "kills", cfg.Kills, "SIGKILLs")
	f.IntVar(&cfg.Restarts, "restarts", cfg.Restarts, "stops and starts in order")
	f.IntVar(&cfg.Database, "database", cfg.Database, "faults of the database")
	f.IntVar(&cfg.Clients, "clients", cfg.Clients, "faults of clients")
	f.IntVar(&cfg.Clock, "clock", cfg.Clock, "steps of the clock")
	f.IntVar(&cfg.Messages, "messages", cfg.Messages, "to be acknowledged at least")
	f.BoolVar(&cfg.Basic, "basic", false, "only what any server can be put through")
	f.DurationVar(&cfg.Outage, "outage", cfg.Outage, "longest usual fault of the database")
	f.DurationVar(&cfg.LongOutage, "long-outage", cfg.LongOutage, "how long the long ones last")
	f.IntVar(&cfg.Long, "long", cfg.Long, "how many long ones")
	f.DurationVar(&cfg.Bound, "bound", cfg.Bound, "within which a message is acknowledged or refused; 0: not checked")
	f.Int64Var(&cfg.SmallDisk, "disk", 0, "bytes of a disk that is filled now and then; 0: a real one, never filled")
	f.StringVar(&cfg.Binary, "binary", "", "a Parley that was built with -tags faults; empty: it is built")
	f.StringVar(&json, "json", "", "write the report as JSON to this file")
	if err := f.Parse(args); err != nil {
		return cfg, json, err
	}
	return cfg, json, cfg.Check()
}
