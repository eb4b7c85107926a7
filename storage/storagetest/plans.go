package storagetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/storage"
	"parley/storage/sqlstore"
)

// rowsVariable is how many messages the archive of Plans has; by default so many
// that reading all of them shows.
const (
	rowsVariable = "PARLEY_STORAGETEST_ROWS"
	defaultRows  = 20_000
)

// Explain returns the plan of a query, a line for each step.
type Explain func(t *testing.T, sql string, args ...any) string

// Plans makes a long archive, once, and checks how each shape of a query reads it:
// bad finds in a plan what must not be there, such as a scan or a sort of all.
func Plans(t *testing.T, s *sqlstore.Store, explain Explain, bad func(plan string) string) {
	rows := defaultRows
	if n, err := strconv.Atoi(os.Getenv(rowsVariable)); err == nil {
		rows = n
	}
	h := &harness{ctx: t.Context()}
	if _, err := s.Migrate(h.ctx); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	if err := s.CreateAccount(h.ctx, alice, nil); errors.Is(err, storage.ErrConflict) {
		t.Log("reading the archive that is there")
	} else {
		must(t, err)
		fillArchive(t, h, s, start, rows)
	}
	for name, shape := range shapes(start, rows) {
		t.Run(name, func(t *testing.T) {
			queries := sqlstore.Record(s, func() { must(t, shape(h.ctx, s)) })
			t.Logf("%v in an archive of %d", fastest(t, h, s, shape).Round(10*time.Microsecond), rows)
			for _, q := range queries {
				plan := explain(t, q.SQL, q.Args...)
				t.Logf("%s\n%s", strings.Join(strings.Fields(q.SQL), " "), plan)
				if found := bad(plan); found != "" {
					t.Errorf("the plan has %s", found)
				}
				if byPeer := strings.HasPrefix(name, "with") || name == "find"; byPeer && !strings.Contains(plan, "messages_by_peer") {
					t.Error("the plan does not use the index by peer")
				}
			}
			if len(queries) == 0 {
				t.Error("it asked nothing")
			}
		})
	}
}

// fastest of a few times: what the query takes, not who else uses the machine.
func fastest(t *testing.T, h *harness, s *sqlstore.Store, shape func(context.Context, *sqlstore.Store) error) time.Duration {
	t.Helper()
	best := time.Duration(math.MaxInt64)
	for range 5 {
		began := time.Now()
		must(t, shape(h.ctx, s))
		best = min(best, time.Since(began))
	}
	return best
}

// fillArchive gives alice n messages, with bob and carol in turn and with others
// seldom; every thousandth waits for delivery.
func fillArchive(t *testing.T, h *harness, s *sqlstore.Store, start time.Time, n int) {
	t.Helper()
	var pending []storage.Pending
	for i := range n {
		m := archived(start, i)
		m.Listed, m.Payload = true, []byte("<body>Wherefore art thou?</body>")
		if i%100 == 0 {
			m.Peer = fmt.Sprintf("peer%d@localhost", i/100)
		}
		pending = append(pending, s.AppendMessage(h.ctx, m, storage.Append{Undelivered: i%1000 == 0}))
	}
	for _, p := range pending {
		h.wait(t, p)
	}
}

// shapes are all the ways to read an archive of n messages.
func shapes(start time.Time, n int) map[string]func(context.Context, *sqlstore.Store) error {
	at := func(i int) int64 { return archived(start, i).ID }
	middle := n / 2
	filters := map[string]storage.ArchiveFilter{
		"all":           {},
		"with":          {Peer: bob},
		"with few":      {Peer: "peer7@localhost"},
		"with nobody":   {Peer: nobody},
		"with resource": {Peer: bob, PeerResource: "b"},
		"from":          {Start: start.Add(time.Duration(middle) * time.Second)},
		"with, from to": {Peer: carol, Start: start.Add(time.Duration(n/4) * time.Second), End: start.Add(time.Duration(middle) * time.Second)},
		"between ids":   {AfterID: at(n / 4), BeforeID: at(middle)},
		"with, to":      {Peer: bob, End: start.Add(time.Duration(middle) * time.Second)},
		"ids":           {IDs: []int64{at(1), at(middle), at(n - 1)}},
	}
	pages := map[string]storage.ArchivePage{
		"first": {Max: 100}, "after": {Max: 100, After: at(middle)},
		"last": {Max: 100, Last: true}, "before": {Max: 100, Before: at(middle)},
	}
	list := map[string]func(context.Context, *sqlstore.Store) error{
		"undelivered": func(ctx context.Context, s *sqlstore.Store) error {
			_, err := s.Undelivered(ctx, alice, at(middle), 100)
			return err
		},
		"ends": func(ctx context.Context, s *sqlstore.Store) error {
			_, _, err := s.ArchiveEnds(ctx, alice)
			return err
		},
		"with few, count": func(ctx context.Context, s *sqlstore.Store) error {
			_, err := s.ArchiveCount(ctx, alice, filters["with few"])
			return err
		},
		"recent origins": func(ctx context.Context, s *sqlstore.Store) error {
			_, err := s.RecentOrigins(ctx, alice, at(n-200), 100)
			return err
		},
		"find": func(ctx context.Context, s *sqlstore.Store) error {
			_, err := s.FindMessage(ctx, alice, bob, fmt.Sprintf("id-%d", n/3*3-300))
			return err
		},
	}
	for _, filter := range slices.Sorted(maps.Keys(filters)) {
		for page := range pages {
			list[filter+", "+page] = func(ctx context.Context, s *sqlstore.Store) error {
				_, _, err := s.Archive(ctx, alice, filters[filter], pages[page])
				return err
			}
		}
	}
	return list
}
