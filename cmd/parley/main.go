// Command parley is the Parley server and everything an operator does with it.
//
// Without a subcommand it serves. Each subcommand is a file of its own; what
// they do is in internal/server, internal/admin and internal/config. A failure
// is one line on standard error that says what to do, and exit code 1.
package main

import "os"

func main() {
	c := &command{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ()}
	os.Exit(c.main(os.Args[1:]))
}
