package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"parley/internal/admin"
	"parley/internal/config"
)

func (c *command) inviteCommand() *cobra.Command {
	var valid time.Duration
	cmd := &cobra.Command{Use: "invite", Short: "Make an invitation that lets one account be registered", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if valid <= 0 {
			return fmt.Errorf("--valid %v is over already; write a duration such as 168h", valid)
		}
		return c.withAdmin(cmd.Context(), func(cfg *config.Config, a *admin.Admin) error {
			i, err := a.CreateInvite(cmd.Context(), time.Now(), valid)
			if err != nil {
				return err
			}
			if cfg.Registration == config.RegistrationClosed {
				fmt.Fprintln(c.stderr, "parley: registration is closed; the invitation is of use once PARLEY_REGISTRATION is invite")
			}
			_, err = fmt.Fprintf(c.stdout, "%s\n", i.Token)
			return err
		})
	}}
	cmd.Flags().DurationVar(&valid, "valid", 7*24*time.Hour, "how long it can be used")
	return cmd
}
