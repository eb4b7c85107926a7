package stanzaid_test

import (
	"strings"
	"testing"

	"parley/internal/stanzaid"
)

func codec(t testing.TB, key string) *stanzaid.Codec {
	t.Helper()
	c, err := stanzaid.New([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	c, other := codec(t, "0123456789abcdef"), codec(t, "0123456789abcdeF")
	seen := map[string]bool{}
	for _, n := range []int64{1, 2, 3, 1 << 40, 1<<63 - 1} {
		id := c.Format(n)
		if got, ok := c.Parse(id); !ok || got != n {
			t.Errorf("%d: got %d, %t", n, got, ok)
		}
		if _, ok := other.Parse(id); ok || other.Format(n) == id {
			t.Errorf("%d: another key makes the same of it", n)
		}
		if seen[id] {
			t.Errorf("%d: %s came before", n, id)
		}
		seen[id] = true
	}
}

func TestNoID(t *testing.T) {
	t.Parallel()
	c := codec(t, "0123456789abcdef")
	good := c.Format(7)
	for name, id := range map[string]string{
		"empty": "", "short": good[1:], "long": good + "0", "not hex": strings.Repeat("g", 32),
		"capitals": strings.ToUpper(good), "guessed": strings.Repeat("0", 32),
		"next": good[:31] + string(good[31]^1), "none": c.Format(0), "negative": c.Format(-1),
	} {
		if n, ok := c.Parse(id); ok {
			t.Errorf("%s: %s is %d", name, id, n)
		}
	}
	if _, err := stanzaid.New(make([]byte, 15)); err == nil {
		t.Error("a short key is taken")
	}
}

func BenchmarkFormat(b *testing.B) {
	c := codec(b, "0123456789abcdef")
	b.ReportAllocs()
	for n := range b.N {
		c.Format(int64(n))
	}
}
