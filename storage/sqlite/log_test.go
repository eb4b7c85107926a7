package sqlite_test

import (
	"log/slog"
	"testing"
)

// lineLog hands log lines to a test that waits for them.
type lineLog struct{ lines chan string }

func newLog() *lineLog { return &lineLog{make(chan string, 100)} }

func (l *lineLog) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// Write implements io.Writer; slog calls it once per line.
func (l *lineLog) Write(p []byte) (int, error) {
	l.lines <- string(p)
	return len(p), nil
}

func (l *lineLog) next(t *testing.T) string {
	t.Helper()
	select {
	case line := <-l.lines:
		return line
	case <-t.Context().Done():
		return ""
	}
}
