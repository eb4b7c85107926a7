package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"parley/internal/config"
)

func (c *command) configCommand() *cobra.Command {
	return group("config", "Print or check the configuration", c.configPrint(), c.configCheck())
}

func (c *command) configPrint() *cobra.Command {
	var opts config.PrintOptions
	cmd := &cobra.Command{Use: "print", Short: "Print the configuration in force, every key explained", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		cfg, err := c.load()
		if err != nil {
			return err
		}
		return cfg.Print(c.stdout, opts)
	}}
	cmd.Flags().BoolVar(&opts.Secrets, "secrets", false, "print the database address with its password, too")
	return cmd
}

func (c *command) configCheck() *cobra.Command {
	return &cobra.Command{Use: "check", Short: "Say whether the configuration is right, or where it is not", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		if _, err := c.load(); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.stdout, "The configuration is right.")
		return err
	}}
}
