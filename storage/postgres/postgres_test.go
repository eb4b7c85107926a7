package postgres_test

import (
	"context"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"parley/internal/pgtest"
	"parley/storage/postgres"
	"parley/storage/sqlstore"
	"parley/storage/storagetest"
)

func TestMain(m *testing.M) {
	storagetest.Child(open)
	goleak.VerifyTestMain(pgtest.Wrap(m))
}

func open(ctx context.Context, url string) (*sqlstore.Store, error) {
	return postgres.Open(ctx, url, postgres.Options{})
}

func TestSuite(t *testing.T) {
	t.Parallel()
	var urls sync.Map // test name → address: a second open is the same database
	storagetest.Run(t, func(t *testing.T) *sqlstore.Store {
		url, ok := urls.Load(t.Name())
		if !ok {
			url = pgtest.URL(t)
			urls.Store(t.Name(), url)
		}
		s, err := open(t.Context(), url.(string))
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestKill(t *testing.T) {
	t.Parallel()
	storagetest.Kill(t, pgtest.URL(t), open)
}

func BenchmarkCommit(b *testing.B) { storagetest.Bench(b, openBench) }

func BenchmarkRead(b *testing.B) { storagetest.BenchRead(b, openBench) }

func openBench(b *testing.B) *sqlstore.Store {
	b.Helper()
	s, err := open(b.Context(), pgtest.URL(b))
	if err != nil {
		b.Fatal(err)
	}
	return s
}
