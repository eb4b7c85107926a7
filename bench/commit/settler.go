package main

import (
	"context"
	"sync"

	"parley/storage"
	"parley/storage/sqlstore"
)

// settler settles messages with one write under way, as the server does.
type settler struct {
	store *sqlstore.Store

	mu   sync.Mutex
	refs []storage.MessageRef // guarded by mu; what gathered meanwhile
	last storage.Pending      // guarded by mu; under way
	err  error                // guarded by mu
}

func (s *settler) settle(ref storage.MessageRef) {
	s.mu.Lock()
	s.refs = append(s.refs, ref)
	s.mu.Unlock()
	s.next()
}

func (s *settler) next() {
	s.mu.Lock()
	if s.last != nil || len(s.refs) == 0 {
		s.mu.Unlock()
		return
	}
	p := s.store.SettleMessages(s.refs)
	s.refs, s.last = nil, p
	s.mu.Unlock()
	p.Then(func() {
		s.mu.Lock()
		if s.last = nil; p.Err() != nil {
			s.err = p.Err()
		}
		s.mu.Unlock()
		s.next()
	})
}

// wait waits until everything is settled.
func (s *settler) wait(ctx context.Context) error {
	for {
		s.mu.Lock()
		last, err := s.last, s.err
		s.mu.Unlock()
		if last == nil || err != nil {
			return err
		}
		if err := storage.Wait(ctx, last); err != nil {
			return err
		}
	}
}
