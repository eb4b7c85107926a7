package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"parley/storage"
	"parley/storage/sqlstore"
)

// Bench measures the commit pipeline: senders that each wait for both rows of
// their message, their own and the recipient's, to be on the disk before they
// settle it and send the next; with the batches the committer makes and with
// batches of one. open returns an empty database.
func Bench(b *testing.B, open func(b *testing.B) *sqlstore.Store) {
	for _, mode := range []struct {
		name  string
		limit int
	}{{"grouped", 0}, {"single", 1}} {
		for _, senders := range []int{1, 10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/senders=%d", mode.name, senders), func(b *testing.B) {
				s := benchStore(b, open, senders+1)
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
				sent := received(s, benchAccount(i), n)
				arrived := sent
				sent.Outgoing, arrived.Account = true, benchAccount(i+1)
				own := s.AppendMessage(ctx, sent, storage.Append{})
				theirs := s.AppendMessage(ctx, arrived, waits)
				if err := errors.Join(storage.Wait(ctx, own), storage.Wait(ctx, theirs)); err != nil {
					b.Error(err)
				}
				s.SettleMessages([]storage.MessageRef{{Account: arrived.Account, ID: arrived.ID}})
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
