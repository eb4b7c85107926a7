package storagetest

import (
	"slices"
	"sync"
	"testing"

	"parley/migrations"
	"parley/storage"
	"parley/storage/sqlstore"
)

func testMigrateTwice(t *testing.T, h *harness) {
	s := h.raw(t)
	have, want, err := s.SchemaVersion(h.ctx)
	must(t, err)
	equal(t, "version of an empty database", have, 0)
	applied, err := s.Migrate(h.ctx)
	must(t, err)
	equal(t, "migrations applied", len(applied), want)
	applied, err = s.Migrate(h.ctx)
	must(t, err)
	equal(t, "migrations applied again", len(applied), 0)
	have, _, err = s.SchemaVersion(h.ctx)
	must(t, err)
	equal(t, "version", have, want)
}

func testMigrateConcurrently(t *testing.T, h *harness) {
	var mu sync.Mutex
	var applied []string
	var wg sync.WaitGroup
	for range 4 {
		s := h.raw(t)
		wg.Go(func() {
			names, err := s.Migrate(h.ctx)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			applied = append(applied, names...)
		})
	}
	wg.Wait()
	slices.Sort(applied)
	var want []string
	all, err := migrations.For(h.raw(t).Dialect())
	must(t, err)
	for _, m := range all {
		want = append(want, m.Name)
	}
	if !slices.Equal(applied, want) {
		t.Errorf("applied %q, want each of %q once", applied, want)
	}
}

func testTooNew(t *testing.T, h *harness) {
	s := h.store(t)
	_, want, err := s.SchemaVersion(h.ctx)
	must(t, err)
	must(t, sqlstore.MarkVersion(h.ctx, s, want+1))
	_, err = s.Migrate(h.ctx)
	wantErr(t, err, storage.ErrTooNew)
}
