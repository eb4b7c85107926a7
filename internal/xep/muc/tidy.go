package muc

import (
	"context"
	"time"

	"parley/internal/jid"
	"parley/storage"
)

const (
	// sweepEvery is how often old messages are looked for.
	sweepEvery = time.Hour
	// sweepStep is how many are removed in one transaction.
	sweepStep = 500
	// roomsAtOnce is how many rooms are read at a time.
	roomsAtOnce = 500
)

// Start reads the list of rooms, and begins to remove what nobody needs any
// more. Wait ends that.
func (m *Module) Start(ctx context.Context) error {
	if err := m.loadList(ctx); err != nil {
		return err
	}
	ctx, m.endWorking = context.WithCancel(context.WithoutCancel(ctx))
	m.working.Go(func() { m.tidy(ctx) })
	return nil
}

// Wait returns when nothing runs any more.
func (m *Module) Wait() {
	if m.endWorking != nil {
		m.endWorking()
	}
	m.working.Wait()
}

// loadList reads what lists tell.
func (m *Module) loadList(ctx context.Context) error {
	return m.eachRow(ctx, func(row *storage.Room) error {
		if row.Locked || !row.Public {
			return nil
		}
		config, err := readConfig(row)
		if err != nil {
			return err
		}
		j, err := jid.Parse(row.JID)
		if err == nil {
			m.rooms.list(j, &config, false)
		}
		return err
	})
}

func (m *Module) eachRow(ctx context.Context, f func(*storage.Room) error) error {
	for after := ""; ; {
		list, err := m.store.Rooms(ctx, after, roomsAtOnce)
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			if err := f(&list[i]); err != nil {
				return err
			}
		}
		after = list[len(list)-1].JID
	}
}

func (m *Module) tidy(ctx context.Context) {
	if !pause(ctx, m.opts.Linger) {
		return
	}
	if err := m.EndAbandoned(ctx); err != nil && ctx.Err() == nil {
		m.logger().Error("abandoned rooms not removed", "err", err)
	}
	for {
		m.EndGhosts(ctx)
		if err := m.Sweep(ctx, m.opts.Now()); err != nil && ctx.Err() == nil {
			m.logger().Error("old messages not removed", "err", err)
		}
		if !pause(ctx, sweepEvery) {
			return
		}
	}
}

// EndGhosts takes those out of all rooms whose sessions are not there any more and
// have not said so (§18.1.2), such as one that could not be restored.
func (m *Module) EndGhosts(ctx context.Context) {
	for _, r := range m.rooms.inMemory() {
		for _, full := range r.ghosts() {
			r.leave(ctx, full, nil, statusFailed)
		}
	}
}

func (r *Room) ghosts() (out []jid.JID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for full, c := range r.clients {
		if s := c.seat.session; s != nil && r.service.host.Session(full) != s {
			out = append(out, full)
		}
	}
	return out
}

// EndAbandoned ends the temporary rooms that the last run of the server has left
// and that nobody has come back to.
func (m *Module) EndAbandoned(ctx context.Context) error {
	return m.eachRow(ctx, func(row *storage.Room) error {
		if row.Persistent && !row.Locked {
			return nil
		}
		j, err := jid.Parse(row.JID)
		if err != nil {
			return err
		}
		r, err := m.find(ctx, j)
		if r != nil && err == nil {
			r.abandonTemporary()
		}
		return err
	})
}

// abandonTemporary ends a room that is not to stay, if nobody is in it.
func (r *Room) abandonTemporary() {
	r.mu.Lock()
	end := !r.gone && len(r.clients) == 0 && (r.locked || !r.config.Persistent)
	r.gone = r.gone || end
	r.mu.Unlock()
	if end {
		r.service.endLater(r)
	}
}

// Sweep removes messages older at now than Options.Retention, in small steps
// (XEP-0313 §3.2).
func (m *Module) Sweep(ctx context.Context, now time.Time) error {
	if m.opts.Retention <= 0 {
		return nil
	}
	before := storage.MessageID(now.Add(-m.opts.Retention))
	return m.eachRow(ctx, func(row *storage.Room) error {
		for {
			old, _, err := m.messages.Archive(ctx, row.JID, storage.ArchiveFilter{BeforeID: before}, storage.ArchivePage{Max: 1})
			if err != nil || len(old) == 0 {
				return err
			}
			if n, err := m.messages.PurgeMessages(ctx, row.JID, before, sweepStep); err != nil || n == 0 {
				return err
			}
			if !pause(ctx, 10*time.Millisecond) {
				return ctx.Err()
			}
		}
	})
}

// pause waits; false means that everything is to end.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
