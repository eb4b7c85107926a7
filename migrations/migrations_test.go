package migrations_test

import (
	"slices"
	"strings"
	"testing"

	"parley/migrations"
)

func TestFor(t *testing.T) {
	t.Parallel()
	names := map[string][]string{}
	for _, dialect := range []string{"postgres", "sqlite"} {
		list, err := migrations.For(dialect)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range list {
			if m.Version != i+1 || !strings.Contains(m.SQL, ";") {
				t.Errorf("%s: %s at index %d", dialect, m.Name, i)
			}
			names[dialect] = append(names[dialect], m.Name)
		}
	}
	// Both dialects take the same steps.
	if len(names["sqlite"]) == 0 || !slices.Equal(names["postgres"], names["sqlite"]) {
		t.Errorf("postgres has %q, sqlite %q", names["postgres"], names["sqlite"])
	}
}
