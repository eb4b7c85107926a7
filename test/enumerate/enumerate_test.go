package main

import (
	"math"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"parley/internal/sasl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestWelch: against values worked out by hand, and a difference is found.
func TestWelch(t *testing.T) {
	t.Parallel()
	a, b := []float64{1, 2, 3, 4, 5}, []float64{2, 4, 6, 8, 10}
	if got, want := welch(a, b), -3/math.Sqrt(2.5/5+10.0/5); math.Abs(got-want) > 1e-12 {
		t.Errorf("t = %v, want %v", got, want)
	}
	var fast, slow []float64
	for i := range 1000 {
		fast = append(fast, float64(i%100))
		slow = append(slow, float64(i%100)+10)
	}
	if got := welch(fast, fast); got != 0 {
		t.Errorf("the same: t = %v", got)
	}
	if got := welch(fast, slow); got > -limit {
		t.Errorf("a tenth slower: t = %v", got)
	}
	x, y := crop([]float64{1, 2, 3, 4, 100}, []float64{1, 2, 3, 4, 5})
	if len(x) != 4 || len(y) != 5 {
		t.Errorf("cropped to %v and %v", x, y)
	}
}

// TestRun: the tool itself works; ten tries tell nothing.
func TestRun(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if _, err := run(t.Context(), &out, []string{"SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN"}, 10, sasl.MinIterations, ""); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "\n"); got != 6 {
		t.Errorf("got\n%s", out.String())
	}
}
