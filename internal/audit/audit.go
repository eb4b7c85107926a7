// Package audit keeps the trail of what was done to accounts: who changed a
// password, removed an account, took tokens away, reported whom. It is apart from
// the log, which is for looking into faults and may be thrown away: a file of
// JSON lines, or without one lines in the log that say module=audit. Neither
// passwords, tokens nor what people write to each other ever stand in it.
package audit

import (
	"context"
	"errors"
	"log/slog"
	"os"
)

// The events.
const (
	AccountCreated  = "account-created"
	PasswordChanged = "password-changed"
	AccountRemoved  = "account-removed"
	AccountDisabled = "account-disabled"
	AccountEnabled  = "account-enabled"
	TokensRevoked   = "tokens-revoked"
	Reported        = "reported"
)

// Operator is who acts on the command line.
const Operator = "operator"

// Trail takes events. It may be used by many goroutines.
type Trail struct {
	file string       // empty: log
	log  *slog.Logger // takes what the file does not
}

// Open returns the trail in the file, or in log without one. The file is made
// when there is something to write, and opened anew each time, so that it can be
// moved away.
func Open(file string, log *slog.Logger) *Trail {
	return &Trail{file: file, log: log.With("module", "audit")}
}

// Record writes an event about an account; by is who did it: an address or
// Operator.
func (t *Trail) Record(ctx context.Context, event, account, by string, args ...any) {
	args = append([]any{"account", account, "by", by}, args...)
	if t.file == "" {
		t.log.InfoContext(ctx, event, args...)
		return
	}
	if err := t.append(ctx, event, args); err != nil {
		t.log.ErrorContext(ctx, "audit file not written", "err", err)
		t.log.InfoContext(ctx, event, args...)
	}
}

// append writes one line in one write, so that processes can share the file.
func (t *Trail) append(ctx context.Context, event string, args []any) error {
	f, err := os.OpenFile(t.file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	r := &failing{f: f}
	slog.New(slog.NewJSONHandler(r, nil)).InfoContext(ctx, event, args...)
	return errors.Join(r.err, f.Close())
}

// failing keeps the error that slog does not tell.
type failing struct {
	f   *os.File
	err error
}

func (w *failing) Write(b []byte) (n int, err error) {
	n, w.err = w.f.Write(b)
	return n, w.err
}
