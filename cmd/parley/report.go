package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"parley/internal/admin"
	"parley/internal/config"
	"parley/storage"
)

func (c *command) reportCommand() *cobra.Command {
	return group("report", "See what users have reported of those whom they block", c.reportList(), c.reportClear())
}

func (c *command) reportList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the reports, the oldest first", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return c.withAdmin(cmd.Context(), func(_ *config.Config, a *admin.Admin) error {
			return a.ListReports(cmd.Context(), func(r storage.Report) error { return printReport(c.stdout, r) })
		})
	}}
}

// printReport writes a line of facts and one for each thing that the report says.
func printReport(out io.Writer, r storage.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s reports %s: %s\n", r.Received.UTC().Format(time.DateTime),
		printable(r.Reporter), printable(r.JID), printable(strings.TrimPrefix(r.Reason, "urn:xmpp:reporting:")))
	for _, t := range r.Texts {
		fmt.Fprintf(&b, "    %s\n", printable(t.Text))
	}
	for _, m := range r.Messages {
		fmt.Fprintf(&b, "    message %s by %s\n", printable(m.ID), printable(m.By))
	}
	if to := consent(r); to != "" {
		fmt.Fprintf(&b, "    may be passed on to %s\n", to)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// consent says to whom the reporter lets the report be passed on.
func consent(r storage.Report) string {
	switch {
	case r.ToOrigin && r.ThirdParty:
		return "the other's server and to others"
	case r.ToOrigin:
		return "the other's server"
	case r.ThirdParty:
		return "others"
	}
	return ""
}

// printable makes one line of what a stranger wrote, fit for a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.Join(strings.Fields(s), " "))
}

func (c *command) reportClear() *cobra.Command {
	var age time.Duration
	cmd := &cobra.Command{Use: "clear", Short: "Remove all reports, or those that are older", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if age < 0 {
			return errors.New("--older-than is a time such as 720h, and not negative")
		}
		return c.withAdmin(cmd.Context(), func(_ *config.Config, a *admin.Admin) error {
			n, err := a.ClearReports(cmd.Context(), time.Now().Add(-age))
			return c.done("reports:", fmt.Sprintf("%d removed", n), err)
		})
	}}
	cmd.Flags().DurationVar(&age, "older-than", 0, "only those that came longer ago than that, such as 720h")
	return cmd
}
