package sparing_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/sparing"
)

// TestFlood: 20 lines at once and the 21st not, one more a second later, which
// says what is missing; other kinds have a say of their own.
func TestFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		var lines sparing.Lines
		written := func() int { return strings.Count(out.String(), "\n") }
		for range 20 {
			lines.Info(log, "a", "too many")
		}
		if got := written(); got != 20 {
			t.Fatalf("%d lines, want 20", got)
		}
		for range 1000 {
			lines.Info(log, "a", "too many")
		}
		if got := written(); got != 20 {
			t.Fatalf("%d lines of a flood, want 20", got)
		}
		lines.Info(log, "b", "another")
		if got := written(); got != 21 {
			t.Errorf("another kind is left out")
		}
		time.Sleep(time.Second)
		for range 2 {
			lines.Info(log, "a", "too many")
		}
		if got := written(); got != 22 || !strings.Contains(out.String(), "left_out=1000") {
			t.Errorf("%d lines, want 22 and the number of those left out:\n%s", got, out.String())
		}
	})
}
