package mam

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/jid"
	"parley/storage"
)

// silence is a database behind a network that swallows everything. It has been
// there for some reads.
type silence struct {
	Store
	reads int // so many are swallowed
}

func (s *silence) read(ctx context.Context) error {
	if s.reads--; s.reads < 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Hour):
		return nil
	}
}

func (s *silence) ArchiveRules(ctx context.Context, _ string) (storage.ArchiveRules, error) {
	return storage.ArchiveRules{}, s.read(ctx)
}

func (s *silence) RecentOrigins(ctx context.Context, _ string, _ int64, _ int) ([]storage.Message, error) {
	return nil, s.read(ctx)
}

func (s *silence) HasArchived(ctx context.Context, _ string, _ ...int64) (bool, error) {
	return true, s.read(ctx)
}

func (s *silence) UndeliveredOf(ctx context.Context, _ string, _ []int64) ([]int64, error) {
	return nil, s.read(ctx)
}

func (s *silence) FindMessage(ctx context.Context, _, _, _ string) (storage.Message, error) {
	return storage.Message{}, s.read(ctx)
}

func (s *silence) Lists(ctx context.Context, _, _ jid.JID) (bool, error) { return true, s.read(ctx) }

// A network that swallows everything holds no message up for long: each attempt to
// read has its own end, and the next may get through.
func TestSilence(t *testing.T) {
	t.Parallel()
	account := jid.MustParse("romeo@localhost")
	for name, read := range map[string]func(context.Context, *Module) error{
		"preferences": func(ctx context.Context, m *Module) error { _, err := m.rulesOf(ctx, account); return err },
		"the past":    func(ctx context.Context, m *Module) error { return m.recall(ctx, account) },
		"ids":         func(ctx context.Context, m *Module) error { _, err := m.hasAll(ctx, account, []int64{1}); return err },
		"undelivered": func(ctx context.Context, m *Module) error {
			_, err := m.store.UndeliveredOf(ctx, account.String(), []int64{1})
			return err
		},
		"by name": func(ctx context.Context, m *Module) error {
			_, err := m.store.FindMessage(ctx, account.String(), "", "1")
			return err
		},
		"roster": func(ctx context.Context, m *Module) error {
			_, err := m.roster.Lists(ctx, account, account)
			return err
		},
	} {
		for swallowed, want := range map[int]error{1: nil, 2: context.DeadlineExceeded} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &silence{reads: swallowed}
					m, begun := New(s, s, nil, Options{}), time.Now()
					_, err := patiently(t.Context(), func() (struct{}, error) { return struct{}{}, read(t.Context(), m) })
					if took := time.Since(begun); !errors.Is(err, want) || took > 2*readTimeout+minPause {
						t.Errorf("%d swallowed: %v after %s", swallowed, err, took)
					}
				})
			})
		}
	}
}
