package postgres_test

import (
	"strings"
	"testing"

	"parley/internal/pgtest"
	"parley/storage/postgres"
	"parley/storage/storagetest"
)

// Every query of the archive is a walk along an index, with what the planner
// knows of an empty table as well as with statistics of the full one.
func TestPlans(t *testing.T) {
	t.Parallel()
	address := pgtest.URL(t)
	s := migrated(t, address)
	explain := func(t *testing.T, sql string, args ...any) string { return postgres.Explain(t, address, sql, args...) }
	t.Run("no statistics", func(t *testing.T) { storagetest.Plans(t, s, explain, badPlan) })
	execute(t, address, `ANALYZE`)
	t.Run("statistics", func(t *testing.T) { storagetest.Plans(t, s, explain, badPlan) })
}

// badPlan finds what reads more than it has to. The few rows of a list of ids
// may be sorted.
func badPlan(plan string) string {
	for line := range strings.Lines(plan) {
		if strings.Contains(line, "Seq Scan") || strings.Contains(line, "Bitmap") || strings.Contains(line, "Hash") ||
			strings.Contains(line, "Sort") && !strings.Contains(plan, "= ANY (") {
			return line
		}
	}
	return ""
}
