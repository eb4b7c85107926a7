package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"parley/internal/config"
	"parley/internal/server"
)

// command is one run of the program, with all that it sees of the outside.
type command struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string

	configFile string // --config
	noDemo     bool   // --no-demo
}

// main returns the exit code. The first signal ends ctx, a second one the program.
func (c *command) main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	root := c.root()
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintf(c.stderr, "parley: %s\n", oneLine(err))
		return 1
	}
	return 0
}

// oneLine joins the lines that some libraries' errors have.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "parley",
		Short: "An XMPP chat server",
		Long: `Parley is an XMPP chat server with a web client.

Without a subcommand it serves: with nothing configured on this machine only,
with its data in ./data. See "parley config print" for all settings.`,
		Args: noSuchCommand, SilenceErrors: true, SilenceUsage: true,
		RunE: c.serve,
	}
	root.SetIn(c.stdin)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	root.PersistentFlags().StringVar(&c.configFile, "config", "", "the configuration file (default: PARLEY_CONFIG, or none)")
	root.Flags().BoolVar(&c.noDemo, "no-demo", false, "make no demo users at the first start")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(c.serveCommand(), c.userCommand(), c.tokenCommand(), c.archiveCommand(), c.reportCommand(), c.inviteCommand(), c.dbCommand(), c.configCommand(), c.healthCommand(), c.versionCommand())
	return root
}

// group is a command that only holds others.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{Use: use, Short: short, Args: noSuchCommand, RunE: func(cmd *cobra.Command, _ []string) error {
		return cmd.Help()
	}}
	g.AddCommand(subs...)
	return g
}

func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("there is no `%s %s`; see `%s --help`", cmd.CommandPath(), args[0], cmd.CommandPath())
}

// exactArgs names what is missing.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return fmt.Errorf("write `%s %s`", cmd.CommandPath(), strings.Join(names, " "))
	}
}

func (c *command) load() (*config.Config, error) { return config.Load(c.environ, c.configFile) }

// logger writes to standard error, as the configuration says.
func (c *command) logger(cfg *config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		level = slog.LevelInfo // config allows only levels that slog knows
	}
	opts := &slog.HandlerOptions{Level: level}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(c.stderr, opts))
	}
	return slog.New(slog.NewTextHandler(c.stderr, opts))
}

// called is how a person calls this program: by its path, or by go run.
func called() string {
	path, err := os.Executable()
	switch {
	case err != nil:
		return ""
	case strings.Contains(path, "go-build"):
		return "go run ./cmd/parley"
	}
	if found, err := exec.LookPath(filepath.Base(path)); err == nil && found == path {
		return filepath.Base(path)
	}
	return path
}

func (c *command) serveCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "serve", Short: "Run the server (the default)", Args: cobra.NoArgs, RunE: c.serve}
	cmd.Flags().BoolVar(&c.noDemo, "no-demo", false, "make no demo users at the first start")
	return cmd
}

func (c *command) serve(cmd *cobra.Command, _ []string) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	log := c.logger(cfg)
	if len(cfg.Ignored) > 0 {
		log.Warn("these variables set nothing", "names", cfg.Ignored)
	}
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	err = server.Run(cmd.Context(), cfg, server.Options{NoDemo: c.noDemo, Out: c.stdout, Log: log, Command: called(), Reload: reload})
	if errors.Is(err, context.Canceled) && cmd.Context().Err() != nil {
		return nil // stopped by a signal while it was starting
	}
	return err
}
