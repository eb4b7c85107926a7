package offline

import (
	"context"
	"strconv"

	"parley/internal/jid"
	"parley/internal/module"
)

// outlive makes sessions that wait for their clients over a restart of the
// server (XEP-0198 §5) find again what they had.
func (m *Module) outlive(r *module.Registrar) {
	r.Retrack(func(account jid.JID, id int64) module.StoredTracker { return m.newRow(account, id) })
	r.Save(module.SavedValue{
		Name: "offline.since",
		Save: func(s module.Session) string { return strconv.FormatInt(m.since.Get(s), 10) },
		Load: func(s module.Session, text string) {
			if id, err := strconv.ParseInt(text, 10, 64); err == nil {
				m.since.Set(s, id)
			}
		},
	})
}

// boundSince returns the id that stands for the time when s was bound.
func (m *Module) boundSince(s module.Session) int64 {
	id := m.since.Get(s)
	if id == 0 {
		id = m.store.NewMessageID()
		m.since.Set(s, id)
	}
	return id
}

// MessageID implements module.StoredTracker.
func (r *row) MessageID() int64 { return r.id }

// MessageID implements module.StoredTracker.
func (t *brings) MessageID() int64 { return t.row.id }

// Copied implements module.StoredTracker.
func (t *brings) Copied(s module.Session) { t.row.Copied(s) }

// resumed brings a session what came while nobody looked after it: one that was
// there before the server was started again.
func (m *Module) resumed(ctx context.Context, s module.Session) error {
	if m.caughtUp(s) {
		return nil
	}
	return m.available(ctx, s)
}

func (m *Module) caughtUp(s module.Session) bool {
	sh := m.shard(s.JID().Bare())
	sh.mu.Lock()
	defer sh.mu.Unlock()
	a := sh.accounts[s.JID().Bare()]
	if a == nil {
		return false
	}
	c := a.find(s)
	return c != nil && c.caught
}

var (
	_ module.StoredTracker = (*row)(nil)
	_ module.StoredTracker = (*brings)(nil)
)
