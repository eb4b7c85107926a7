package sqlite_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"parley/storage/sqlite"
	"parley/storage/sqlstore"
	"parley/storage/storagetest"
)

func TestMain(m *testing.M) {
	storagetest.Child(open)
	command()
	goleak.VerifyTestMain(m)
}

func open(ctx context.Context, path string) (*sqlstore.Store, error) {
	return sqlite.Open(ctx, path, sqlite.Options{})
}

func TestSuite(t *testing.T) {
	t.Parallel()
	var folders sync.Map // test name → folder: a second open is the same file
	storagetest.Run(t, func(t *testing.T) *sqlstore.Store {
		folder, ok := folders.Load(t.Name())
		if !ok {
			folder = t.TempDir()
			folders.Store(t.Name(), folder)
		}
		s, err := open(t.Context(), filepath.Join(folder.(string), "parley.db"))
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestKill(t *testing.T) {
	t.Parallel()
	storagetest.Kill(t, filepath.Join(t.TempDir(), "parley.db"), open)
}

func BenchmarkCommit(b *testing.B) { storagetest.Bench(b, openBench) }

func BenchmarkRead(b *testing.B) { storagetest.BenchRead(b, openBench) }

func openBench(b *testing.B) *sqlstore.Store {
	b.Helper()
	s, err := open(b.Context(), filepath.Join(b.TempDir(), "parley.db"))
	if err != nil {
		b.Fatal(err)
	}
	return s
}
