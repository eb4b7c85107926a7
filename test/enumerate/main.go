// Enumerate tries to tell accounts that exist from those that do not, by how long
// the server takes to refuse them. It runs a server of its own on loopback, tries
// known and unknown names in random order, with each mechanism, and compares the
// times by Welch's t-test: all of them, and without the slowest tenth, which is
// mostly the machine's own business. Beyond 4.5 it takes them for different, and
// ends with status 1.
//
//	go run ./test/enumerate -tries 10000
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"parley/internal/config"
	"parley/internal/sasl"
	"parley/internal/server"
)

// names of each kind: known000@localhost exists, ghost000@localhost does not.
const names = 50

func main() {
	tries := flag.Int("tries", 10_000, "of known names, and as many of unknown ones, with each mechanism")
	iterations := flag.Int("iterations", config.Default().SASL.Iterations, "of the keys")
	postgres := flag.String("postgres", "", "URL of an empty database; else SQLite in a folder that is removed")
	mechanisms := flag.String("mechanisms", "SCRAM-SHA-1,SCRAM-SHA-256,PLAIN", "to try")
	flag.Parse()
	leaks, err := run(context.Background(), os.Stdout, strings.Split(*mechanisms, ","), *tries, *iterations, *postgres)
	if err != nil {
		fmt.Fprintln(os.Stderr, "enumerate:", err)
	}
	if err != nil || leaks {
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, mechanisms []string, tries, iterations int, postgres string) (leaks bool, err error) {
	dir, err := os.MkdirTemp("", "enumerate")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	cfg := configuration(dir, iterations, postgres)
	s, err := server.Start(ctx, cfg, server.Options{NoDemo: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return false, err
	}
	defer func() { _ = s.Stop() }()
	if err := addAccounts(ctx, cfg); err != nil {
		return false, err
	}
	return measure(out, s.Addr("c2s").String(), mechanisms, tries)
}

func configuration(dir string, iterations int, postgres string) *config.Config {
	cfg := config.Default()
	cfg.DataDir, cfg.Database.URL, cfg.SASL.Iterations = dir, postgres, iterations
	cfg.HTTP.Addr, cfg.C2S.Addr, cfg.C2S.TLSAddr, cfg.Admin.Addr = "127.0.0.1:0", "127.0.0.1:0", "", ""
	cfg.RequireTLS = false
	cfg.Limits = cfg.Limits.Off()
	cfg.Limits.AuthFailuresPerStream, cfg.Limits.AuthTimeout = 0, 0
	return cfg
}

func addAccounts(ctx context.Context, cfg *config.Config) error {
	store, err := server.OpenStore(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer store.Close()
	keys, err := sasl.NewKeys("a password", cfg.SASL.Iterations)
	for i := 0; err == nil && i < names; i++ {
		err = store.CreateAccount(ctx, fmt.Sprintf("known%03d@%s", i, cfg.Domain), keys)
	}
	return err
}
