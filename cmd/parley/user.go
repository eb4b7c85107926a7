package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"parley/internal/admin"
	"parley/internal/config"
	"parley/storage"
)

func (c *command) userCommand() *cobra.Command {
	return group("user", "Make, list, change and remove accounts",
		c.withPassword("add", "Make an account", "made", (*admin.Admin).AddUser),
		c.withPassword("passwd", "Give an account a new password and end its sessions", "has a new password", (*admin.Admin).SetPassword),
		c.userList(),
		c.withAccount("disable", "Lock an account out and end its sessions", "disabled", (*admin.Admin).DisableUser),
		c.withAccount("enable", "Let a disabled account in again", "enabled", (*admin.Admin).EnableUser),
		c.withAccount("remove", "Remove an account with everything that it owns", "removed", (*admin.Admin).RemoveUser),
	)
}

// withAccount is a command on one account.
func (c *command) withAccount(use, short, done string, act func(*admin.Admin, context.Context, string) (string, error)) *cobra.Command {
	return &cobra.Command{Use: use + " JID", Short: short, Args: exactArgs("JID"), RunE: func(cmd *cobra.Command, args []string) error {
		return c.withAdmin(cmd.Context(), func(_ *config.Config, a *admin.Admin) error {
			jid, err := act(a, cmd.Context(), args[0])
			return c.done(jid, done, err)
		})
	}}
}

// withPassword is a command on one account that needs a password.
func (c *command) withPassword(use, short, done string, act func(*admin.Admin, context.Context, string, string) (string, error)) *cobra.Command {
	var from passwordSource
	cmd := &cobra.Command{Use: use + " JID", Short: short, Args: exactArgs("JID"), RunE: func(cmd *cobra.Command, args []string) error {
		return c.withAdmin(cmd.Context(), func(_ *config.Config, a *admin.Admin) error {
			if _, err := a.Address(args[0]); err != nil {
				return err // before anybody types a password
			}
			password, err := c.password(cmd.Context(), from)
			if err != nil {
				return err
			}
			jid, err := act(a, cmd.Context(), args[0], password)
			if err := c.done(jid, done, err); err != nil {
				return err
			}
			if from.generate {
				_, err = fmt.Fprintf(c.stdout, "password: %s\n", password)
			}
			return err
		})
	}}
	cmd.Flags().StringVar(&from.file, "password-file", "", "read the password from this file, - for standard input")
	cmd.Flags().BoolVar(&from.generate, "generate", false, "make a password and print it")
	cmd.MarkFlagsMutuallyExclusive("password-file", "generate")
	return cmd
}

// done reports success, also when only the running server could not be told.
func (c *command) done(jid, what string, err error) error {
	if err := c.warn(err); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "%s %s\n", jid, what)
	return err
}

func (c *command) userList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the accounts", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return c.withAdmin(cmd.Context(), func(_ *config.Config, a *admin.Admin) error {
			w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
			err := a.ListUsers(cmd.Context(), func(acc storage.Account) error {
				state := "active"
				if acc.Disabled {
					state = "disabled"
				}
				_, err := fmt.Fprintf(w, "%s\t%s\tsince %s\n", acc.JID, state, acc.Created.UTC().Format(time.DateOnly))
				return err
			})
			if err != nil {
				return err
			}
			return w.Flush()
		})
	}}
}
