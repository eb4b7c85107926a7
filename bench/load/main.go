// Command load is a load generator for XMPP servers on this machine: it logs
// users in, keeps them idle, lets them chat and change presence, checks every
// delivery, and reports what the server spent on each.
//
//	go run ./bench/load chat -spawn -transport tcp
//	go run ./bench/load login -addr ws://127.0.0.1:5280/xmpp-websocket -domain localhost \
//		-prefix user -password-file pw -server-pid 1234
//
// With -spawn it builds and starts Parley itself, in a temporary folder. Any
// other server is a target by its address and its accounts: users named prefix
// and a number from 0, all with one password. Its limits of rate must be off.
// Results go to standard output, everything else to standard error; a loss, a
// duplicate, a reordering or a refusal is an error and exit code 1.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"parley/bench/parley"
	"parley/bench/proc"
	"parley/bench/workload"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == serveCommand {
		return serve(ctx, args[1:], stderr)
	}
	o, err := parse(args, stderr)
	if errors.Is(err, errHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if !o.quiet {
		o.progress = func(format string, args ...any) { fmt.Fprintf(stderr, "load: "+format+"\n", args...) }
	}
	const spare = 100 // of descriptors
	if err := proc.AllowFiles(uint64(o.spec.Connections(o.work) + spare)); err != nil {
		return err
	}
	r, err := o.load(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", o.spec.Name, err)
	}
	table(stdout, r)
	return o.record(ctx, args, r, stdout)
}

// load runs the workload against its target, which it starts if it is to.
func (o *options) load(ctx context.Context) (r workload.Result, err error) {
	if !o.spawn {
		return o.against(ctx, o.target)
	}
	server, err := parley.Start(ctx, parley.Options{
		Accounts: o.spec.Users(o.work), Database: o.postgres, Archive: o.archive, LogLevel: o.logLevel,
		Command: o.command(), Progress: o.progress,
	})
	if err != nil {
		return r, err
	}
	defer func() {
		if err != nil && server.Log() != "" {
			err = fmt.Errorf("%w\nparley has written:\n%s", err, server.Log())
		}
		err = errors.Join(err, server.Stop())
	}()
	t, err := o.spawned(server)
	if err != nil {
		return r, err
	}
	return o.against(ctx, t)
}

func (o *options) against(ctx context.Context, t workload.Target) (workload.Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.limit, fmt.Errorf("the run is not over after %v (-limit)", o.limit))
	defer cancel()
	if len(t.Processes) > 0 {
		if _, err := proc.CPU(t.Processes); err != nil { // before hours of work
			return workload.Result{}, err
		}
	}
	e := workload.NewEnv(t, o.work)
	e.Progress = o.progress
	start := time.Now()
	r, err := o.spec.Run(ctx, e)
	if err == nil && o.progress != nil {
		o.progress("done in %v, all deliveries checked", time.Since(start).Round(time.Millisecond))
	}
	return r, err
}
