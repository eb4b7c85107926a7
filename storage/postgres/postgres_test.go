package postgres_test

import (
	"sync"
	"testing"

	"go.uber.org/goleak"

	"parley/internal/pgtest"
	"parley/storage/postgres"
	"parley/storage/sqlstore"
	"parley/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }

func TestSuite(t *testing.T) {
	var urls sync.Map // test name → address: a second open is the same database
	storagetest.Run(t, func(t *testing.T) *sqlstore.Store {
		url, ok := urls.Load(t.Name())
		if !ok {
			url = pgtest.URL(t)
			urls.Store(t.Name(), url)
		}
		s, err := postgres.Open(t.Context(), url.(string), postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
