package sqlite_test

import (
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"parley/storage/sqlite"
	"parley/storage/sqlstore"
	"parley/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSuite(t *testing.T) {
	var folders sync.Map // test name → folder: a second open is the same file
	storagetest.Run(t, func(t *testing.T) *sqlstore.Store {
		folder, ok := folders.Load(t.Name())
		if !ok {
			folder = t.TempDir()
			folders.Store(t.Name(), folder)
		}
		s, err := sqlite.Open(t.Context(), filepath.Join(folder.(string), "parley.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
