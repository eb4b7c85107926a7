package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"parley/internal/admin"
	"parley/internal/config"
)

func (c *command) tokenCommand() *cobra.Command {
	return group("token", "List and revoke the tokens that clients log in with instead of a password",
		c.tokenList(), c.tokenRevoke())
}

func (c *command) tokenList() *cobra.Command {
	return &cobra.Command{Use: "list JID", Short: "List the clients of an account that have a token", Args: exactArgs("JID"), RunE: func(cmd *cobra.Command, args []string) error {
		return c.withAdmin(cmd.Context(), func(_ *config.Config, a *admin.Admin) error {
			_, clients, err := a.ListTokens(cmd.Context(), args[0], time.Now())
			if err != nil {
				return err
			}
			return printTokens(c.stdout, clients)
		})
	}}
}

func printTokens(out io.Writer, clients []admin.TokenClient) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, t := range clients {
		used := "never used"
		if !t.Used.IsZero() {
			used = "used " + t.Used.UTC().Format(time.DateTime) + " from " + t.Address
		}
		_, err := fmt.Fprintf(w, "%s\t%s\t%s\texpires %s\n", t.ID, name(t), used, t.Expires.UTC().Format(time.DateOnly))
		if err != nil {
			return err
		}
	}
	return w.Flush()
}

// name is what the client calls itself, fit for a terminal.
func name(t admin.TokenClient) string {
	words := strings.Fields(t.Software + " " + t.Device)
	if len(words) == 0 {
		return "(no name)"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, strings.Join(words, " "))
}

func (c *command) tokenRevoke() *cobra.Command {
	var all bool
	cmd := &cobra.Command{Use: "revoke JID [CLIENT]", Short: "Revoke the tokens of one client, or of all with --all, and end their sessions", Args: oneOrAll, RunE: func(cmd *cobra.Command, args []string) error {
		if all != (len(args) == 1) {
			return fmt.Errorf("name one client of `parley token list %s`, or write --all", args[0])
		}
		return c.withAdmin(cmd.Context(), func(_ *config.Config, a *admin.Admin) error {
			return c.revoke(cmd.Context(), a, args[0], strings.Join(args[1:], ""))
		})
	}}
	cmd.Flags().BoolVar(&all, "all", false, "those of all clients of the account")
	return cmd
}

// oneOrAll: a client need not be named.
func oneOrAll(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return exactArgs("JID", "CLIENT")(cmd, args)
}

func (c *command) revoke(ctx context.Context, a *admin.Admin, address, client string) error {
	jid, n, err := a.RevokeTokens(ctx, address, client)
	what := "one client has no token any more"
	if n != 1 {
		what = fmt.Sprintf("%d clients have no token any more", n)
	}
	return c.done(jid+":", what, err)
}
