package mam

import (
	"context"
	"time"

	"parley/storage"
)

const (
	// sweepEvery is how often old messages are looked for.
	sweepEvery = time.Hour
	// sweepStep is how many are removed in one transaction.
	sweepStep = 500
	// sweepShare is how many times longer the sweep rests than it works, so that
	// it takes a small part of the database at most.
	sweepShare = 10
	// accountsAtOnce is how many accounts are read at a time.
	accountsAtOnce = 200
)

// Start begins to remove what is older than Options.Retention. Wait ends it.
func (m *Module) Start() {
	if m.opts.Retention <= 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.endSweeps = cancel
	m.sweeping.Go(func() { m.sweepAgain(ctx) })
}

// Wait returns when nothing runs any more.
func (m *Module) Wait() {
	if m.endSweeps != nil {
		m.endSweeps()
	}
	m.sweeping.Wait()
}

func (m *Module) sweepAgain(ctx context.Context) {
	for rest(ctx, 0) {
		if err := m.Sweep(ctx, time.Now()); err != nil && ctx.Err() == nil {
			m.logger().Error("old messages not removed", "err", err)
		}
		if !rest(ctx, sweepEvery) {
			return
		}
	}
}

// Sweep removes what is older at now than Options.Retention, in small steps
// (XEP-0313 §3.2). The oldest of an account go first.
func (m *Module) Sweep(ctx context.Context, now time.Time) error {
	before := storage.MessageID(now.Add(-m.opts.Retention))
	for after := ""; ; {
		began := time.Now()
		accounts, err := m.store.Accounts(ctx, m.host.Domain().String(), after, accountsAtOnce)
		if err != nil || len(accounts) == 0 {
			return err
		}
		for i := range accounts {
			if err := m.sweep(ctx, accounts[i].JID, before); err != nil {
				return err
			}
		}
		after = accounts[len(accounts)-1].JID
		if !rest(ctx, time.Since(began)) {
			return ctx.Err()
		}
	}
}

func (m *Module) sweep(ctx context.Context, account string, before int64) error {
	// Most have nothing to remove, and looking is cheaper than a transaction.
	old, _, err := m.store.Archive(ctx, account, storage.ArchiveFilter{BeforeID: before}, storage.ArchivePage{Max: 1})
	if err != nil || len(old) == 0 {
		return err
	}
	for {
		began := time.Now()
		n, err := m.store.PurgeMessages(ctx, account, before, sweepStep)
		if err != nil || n == 0 {
			return err
		}
		if !rest(ctx, sweepShare*time.Since(began)) {
			return ctx.Err()
		}
	}
}

// rest waits; false means that the sweep is to end.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
