package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"parley/internal/config"
)

const healthTimeout = 3 * time.Second

// healthCommand is for container engines, whose images have no other program
// to ask with.
func (c *command) healthCommand() *cobra.Command {
	return &cobra.Command{
		Use: "health", Short: "Ask the running server on this machine whether it works", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			return health(cmd.Context(), cfg)
		},
	}
}

func health(ctx context.Context, cfg *config.Config) error {
	if cfg.HTTP.Addr == "" {
		return errors.New("http.addr is off, so there is nobody to ask")
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+local(cfg.HTTP.Addr)+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready (%s); its log says why", resp.Status)
	}
	return nil
}

// local names this machine where the listener takes every address.
func local(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || host != "" && (ip == nil || !ip.IsUnspecified()) {
		return addr
	}
	return net.JoinHostPort("127.0.0.1", port)
}
