package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/pprof"

	"parley/internal/config"
	"parley/internal/server"
)

// serveCommand makes this program the server under load, with profiles.
const serveCommand = "serve-with-profiles"

// profiles are where profiles of the server go; "": none.
type profiles struct{ cpu, mem, mutex string }

func (p profiles) any() bool { return p != profiles{} }

// command is what runs Parley; nil: it is to be built.
func (o *options) command() []string {
	if o.binary != "" {
		return []string{o.binary, "--no-demo"}
	}
	if !o.profiles.any() {
		return nil
	}
	return []string{"/proc/self/exe", serveCommand, "-cpu", o.profiles.cpu, "-mem", o.profiles.mem, "-mutex", o.profiles.mutex}
}

// serve runs Parley as cmd/parley does and writes profiles of its whole life.
func serve(ctx context.Context, args []string, stderr io.Writer) error {
	var p profiles
	f := flag.NewFlagSet(serveCommand, flag.ContinueOnError)
	f.StringVar(&p.cpu, "cpu", "", "")
	f.StringVar(&p.mem, "mem", "", "")
	f.StringVar(&p.mutex, "mutex", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	cfg, err := config.Load(os.Environ(), "")
	if err != nil {
		return err
	}
	stop, err := p.start()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	err = server.Run(ctx, cfg, server.Options{NoDemo: true, Out: io.Discard, Log: log})
	return errors.Join(err, stop())
}

func (p profiles) start() (stop func() error, err error) {
	if p.mutex != "" {
		runtime.SetMutexProfileFraction(10)
	}
	if p.cpu == "" {
		return p.finish, nil
	}
	f, err := os.Create(p.cpu)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return errors.Join(f.Close(), p.finish())
	}, nil
}

func (p profiles) finish() error {
	return errors.Join(write("allocs", p.mem), write("mutex", p.mutex))
}

func write(profile, path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup(profile).WriteTo(f, 0), f.Close())
}
