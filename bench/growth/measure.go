package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"parley/bench/client"
	"parley/bench/parley"
	"parley/bench/proc"
	"parley/bench/wire"
	"parley/bench/workload"
	"parley/internal/pgtest"
)

// curve is one line in a figure.
type curve struct {
	cpus     int
	database *pgtest.Server // nil: SQLite
}

func (c curve) String() string {
	name := "1 CPU"
	if c.cpus > 1 {
		name = fmt.Sprintf("%d CPUs", c.cpus)
	}
	if c.database != nil {
		name += ", Postgres"
	}
	return name
}

// curves of a figure.
func (o options) curves(f figure, postgres *pgtest.Server) []curve {
	var all []curve
	for _, n := range o.cpus {
		all = append(all, curve{n, nil})
		if f.stored {
			all = append(all, curve{n, postgres})
		}
	}
	return all
}

// measure returns the figure's rows of CSV.
func (o options) measure(ctx context.Context, f figure, postgres *pgtest.Server) (string, error) {
	var b strings.Builder
	for _, c := range o.curves(f, postgres) {
		for _, size := range o.sizes[f.grows] {
			y, err := o.point(ctx, f, c, size)
			if errors.Is(err, errTooMany) {
				o.say("%s, %v: %d %s are not measured: %v", f.name, c, size, f.grows, err)
				continue
			}
			if err != nil {
				return "", fmt.Errorf("%v, %d %s: %w", c, size, f.grows, err)
			}
			o.say("%s, %v: %d %s: %.2f %s", f.name, c, size, f.grows, y, f.up)
			fmt.Fprintf(&b, "%s,%q,%q,%q,%d,%.3f\n", f.name, f.across, f.up, c.String(), size, y)
		}
	}
	return b.String(), nil
}

// errTooMany says that the machine is too small.
var errTooMany = errors.New("too many")

// point measures on a server of its own.
func (o options) point(ctx context.Context, f figure, c curve, size int) (_ float64, err error) {
	spec, _ := workload.Find(f.spec)
	w := f.work(size, o.duration).Or(spec.Defaults)
	const spare = 200 // of descriptors
	if err := proc.AllowFiles(uint64(spec.Connections(w) + spare)); err != nil {
		return 0, fmt.Errorf("%w: %w", errTooMany, err)
	}
	opts := parley.Options{Accounts: spec.Users(w), Command: []string{o.binary, "--no-demo"}, Env: []string{fmt.Sprintf("GOMAXPROCS=%d", c.cpus)}}
	if f.server != nil {
		f.server(size, &opts)
		opts.Accounts = max(opts.Accounts, spec.Users(w))
	}
	if c.database != nil {
		drop, err := o.database(ctx, c.database, &opts)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, drop()) }()
	}
	s, err := parley.Start(ctx, opts)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	t, err := aim(s, c)
	if err != nil {
		return 0, err
	}
	r, err := spec.Run(ctx, workload.NewEnv(t, w))
	return f.value(r, size), err
}

func aim(s *parley.Server, c curve) (workload.Target, error) {
	at, err := wire.ParseAddress(s.WebSocket)
	pids := []int{s.PID}
	if c.database != nil {
		pids = append(pids, c.database.PID())
	}
	return workload.Target{
		Address: at, Domain: s.Domain, Prefix: s.Prefix, Password: s.Password, Mechanism: client.ScramSHA1, Processes: pids,
	}, err
}

// database makes one for a point alone, so that its size is what is said.
func (o options) database(ctx context.Context, server *pgtest.Server, opts *parley.Options) (drop func() error, err error) {
	const name = "growth"
	if err := server.Execute(ctx, "CREATE DATABASE "+name+" ENCODING 'UTF8' TEMPLATE template0"); err != nil {
		return nil, err
	}
	opts.Database, opts.KeepAccounts = server.URL(name), true
	return func() error {
		return server.Execute(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)")
	}, nil
}
