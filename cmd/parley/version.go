package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"parley/internal/server"
)

func (c *command) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		_, err := fmt.Fprintf(c.stdout, "parley %s, %s, %s/%s\n", server.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	}}
}
