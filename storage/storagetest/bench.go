package storagetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"parley/storage"
	"parley/storage/sqlstore"
)

// Bench measures the commit pipeline: senders that each wait for their message
// to be on the disk before they send the next, with the batches the committer
// makes and with batches of one. open returns an empty database.
func Bench(b *testing.B, open func(b *testing.B) *sqlstore.Store) {
	for _, mode := range []struct {
		name  string
		limit int
	}{{"grouped", 0}, {"single", 1}} {
		for _, senders := range []int{1, 10, 100} {
			b.Run(fmt.Sprintf("%s/senders=%d", mode.name, senders), func(b *testing.B) {
				s := benchStore(b, open, senders)
				if mode.limit > 0 {
					sqlstore.LimitBatch(s, mode.limit)
				}
				benchAppend(b, s, senders)
			})
		}
	}
}

func benchStore(b *testing.B, open func(b *testing.B) *sqlstore.Store, accounts int) *sqlstore.Store {
	b.Helper()
	s := open(b)
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	if _, err := s.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	for i := range accounts {
		if err := s.CreateAccount(b.Context(), benchAccount(i), nil); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func benchAccount(i int) string { return fmt.Sprintf("user%d@localhost", i) }

func benchAppend(b *testing.B, s *sqlstore.Store, senders int) {
	ctx := context.Background()
	todo := make(chan int)
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for n := range todo {
				if err := storage.Wait(ctx, s.AppendMessage(ctx, received(s, benchAccount(i), n), waits)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		todo <- n
	}
	close(todo)
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}
