package presence_test

import (
	"strings"
	"testing"

	"parley/internal/xmpptest/xmlmatch"
)

// match compares stanzas with patterns, in order.
func match(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %d stanzas, want %d:\n got: %s\nwant: %s", len(got), len(want), strings.Join(got, "\n      "), strings.Join(want, "\n      "))
		return
	}
	for i := range want {
		if err := xmlmatch.Match(want[i], got[i]); err != nil {
			t.Errorf("%v\n got: %s\nwant: %s", err, got[i], want[i])
		}
	}
}
