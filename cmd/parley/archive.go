package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"parley/internal/admin"
	"parley/internal/config"
)

func (c *command) archiveCommand() *cobra.Command {
	return group("archive", "Look after the archives of accounts", c.archiveClear())
}

func (c *command) archiveClear() *cobra.Command {
	var age time.Duration
	cmd := &cobra.Command{Use: "clear JID", Short: "Remove all messages of an account's archive, or those that are older", Args: exactArgs("JID"), RunE: func(cmd *cobra.Command, args []string) error {
		if age < 0 {
			return errors.New("--older-than is a time such as 720h, and not negative")
		}
		return c.withAdmin(cmd.Context(), func(_ *config.Config, a *admin.Admin) error {
			jid, n, err := a.ClearArchive(cmd.Context(), args[0], time.Now().Add(-age))
			return c.done(jid+":", fmt.Sprintf("%d messages removed from the archive", n), err)
		})
	}}
	cmd.Flags().DurationVar(&age, "older-than", 0, "only those that came longer ago than that, such as 720h")
	return cmd
}
