package sqlstore

import (
	"slices"
	"testing"
	"time"
)

func TestGroups(t *testing.T) {
	t.Parallel()
	for _, want := range [][]string{nil, {""}, {"", ""}, {"a"}, {"a", "", "b c,\n"}} {
		s, err := joinGroups(want)
		if err != nil {
			t.Fatal(err)
		}
		if got := splitGroups(s); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if _, err := joinGroups([]string{"a\x1fb"}); err == nil {
		t.Error("a separator within a name was taken")
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for _, want := range []time.Time{{}, time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 123000, time.UTC)} {
		if got := toTime(fromTime(want)); !got.Equal(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestDomainOf(t *testing.T) {
	t.Parallel()
	for jid, want := range map[string]string{"a@b": "b", "localhost": "localhost", "ж@пример.рф": "пример.рф"} {
		if got := domainOf(jid); got != want {
			t.Errorf("%s: got %s, want %s", jid, got, want)
		}
	}
}
