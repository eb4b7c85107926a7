package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"parley/internal/admin"
)

// passwordSource says where a password comes from; zero: from the terminal.
type passwordSource struct {
	file     string // "-": standard input
	generate bool
}

// maxPasswordFile is far above the longest password.
const maxPasswordFile = 64 << 10

// exitInterrupted is what shells report for a program that Ctrl-C ended.
const exitInterrupted = 130

func (c *command) password(ctx context.Context, from passwordSource) (string, error) {
	switch {
	case from.generate:
		return admin.GeneratePassword(), nil
	case from.file == "-":
		return readPassword(c.stdin)
	case from.file != "":
		f, err := os.Open(from.file)
		if err != nil {
			return "", fmt.Errorf("%w; name a file that holds the password, or - for standard input", err)
		}
		defer f.Close()
		return readPassword(f)
	}
	return c.promptPassword(ctx)
}

// readPassword takes everything up to the end of the first line.
func readPassword(r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxPasswordFile))
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", errors.New("there is no password on the first line; write it there")
	}
	return line, nil
}

func (c *command) promptPassword(ctx context.Context) (string, error) {
	f, ok := c.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) { //nolint:gosec // a descriptor fits
		return "", errors.New("there is no terminal to ask for the password; use --password-file - or --generate")
	}
	answers, err := c.ask(ctx, f, "Password: ", "Once more: ")
	switch {
	case errors.Is(err, io.EOF): // Ctrl-C or Ctrl-D
		return "", errors.New("no password was typed; nothing has changed")
	case err != nil:
		return "", err
	case answers[0] != answers[1]:
		return "", errors.New("the two passwords differ; try again")
	}
	return answers[0], nil
}

// ask reads a line after each prompt without showing it: the terminal is raw
// before the first prompt appears. A signal cannot end the reading, so it ends
// the program, with the terminal as it was.
func (c *command) ask(ctx context.Context, f *os.File, prompts ...string) ([]string, error) {
	fd := int(f.Fd()) //nolint:gosec // a descriptor fits
	state, err := term.MakeRaw(fd)
	if err != nil {
		return nil, err
	}
	restore := func() { _ = term.Restore(fd, state) }
	defer restore()
	defer context.AfterFunc(ctx, func() {
		restore()
		fmt.Fprintln(c.stderr)
		os.Exit(exitInterrupted)
	})()
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{f, c.stderr}, "")
	answers := make([]string, len(prompts))
	for i, p := range prompts {
		if answers[i], err = t.ReadPassword(p); err != nil {
			return nil, err
		}
	}
	return answers, nil
}
