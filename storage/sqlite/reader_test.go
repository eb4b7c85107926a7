package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"parley/storage/sqlite"
	"parley/storage/sqlstore"
)

// TestReadersAreTaken: who waits for a reading connection can be cancelled, and
// who does not wait any more takes none away.
func TestReadersAreTaken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "parley.db")
	e := sqlite.OpenEngine(t, path)
	started, release := make(chan struct{}), make(chan struct{})
	var running sync.WaitGroup
	defer running.Wait()
	for range sqlite.Readers {
		running.Go(func() {
			err := e.Query(t.Context(), func(sqlstore.Scan) error {
				started <- struct{}{}
				<-release
				return nil
			}, `SELECT 1`)
			if err != nil {
				t.Error(err)
			}
		})
		<-started
	}
	ctx, cancel := context.WithCancel(t.Context())
	waits := make(chan error)
	go func() { waits <- e.Query(ctx, func(sqlstore.Scan) error { return nil }, `SELECT 1`) }()
	cancel()
	if err := <-waits; !errors.Is(err, context.Canceled) {
		t.Errorf("one too many: %v", err)
	}
	close(release)
	running.Wait()
	for range 2 * sqlite.Readers {
		if err := e.Query(t.Context(), func(sqlstore.Scan) error { return nil }, `SELECT 1`); err != nil {
			t.Error(err)
		}
	}
	if err := e.Query(ctx, func(sqlstore.Scan) error { return nil }, `SELECT 1`); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}
