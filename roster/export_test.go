package roster

import "parley/internal/jid"

// Cached reports whether contacts of the account are in memory.
func (m *Module) Cached(account jid.JID) bool { return m.cache.get(account) != nil }

// InUse counts the locks that anybody holds or waits for.
func (m *Module) InUse() int {
	m.pairs.mu.Lock()
	defer m.pairs.mu.Unlock()
	m.accounts.mu.Lock()
	defer m.accounts.mu.Unlock()
	return len(m.pairs.m) + len(m.accounts.m)
}

// Forget drops the encoded rosters.
func (m *Module) Forget() {
	m.encoded.mu.Lock()
	defer m.encoded.mu.Unlock()
	for m.encoded.order.Len() > 0 {
		m.encoded.drop(m.encoded.order.Back())
	}
}
