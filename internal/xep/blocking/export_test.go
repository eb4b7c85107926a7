package blocking

import (
	"parley/internal/jid"
	"parley/internal/module"
)

// MaxAway is how many lists of accounts without sessions are kept.
const MaxAway = maxAway

// Empty is as if the list of an account without sessions had been read.
func (m *Module) Empty(account string) { m.lists.keep(account, nil, false, m.lists.version()) }

// Away returns how many lists of accounts without sessions are kept.
func (m *Module) Away() int {
	m.lists.mu.RLock()
	defer m.lists.mu.RUnlock()
	return len(m.lists.away)
}

// Online returns how many lists of accounts with sessions are kept.
func (m *Module) Online() int {
	m.lists.mu.RLock()
	defer m.lists.mu.RUnlock()
	return max(len(m.lists.read), len(m.lists.nonempty))
}

// Forget drops the list of an account, as if its sessions had been made again after
// a restart.
func (m *Module) Forget(account string) {
	m.lists.mu.Lock()
	defer m.lists.mu.Unlock()
	m.lists.remove(account)
}

// AfterSessions has f called when the sessions of an account were looked up for the
// n-th time, before the answer is used. It is set before that can happen.
func (m *Module) AfterSessions(n int, f func()) { m.host = &lateHost{Host: m.host, n: n, late: f} }

type lateHost struct {
	module.Host
	n    int
	late func()
}

func (h *lateHost) Sessions(account jid.JID) []module.Session {
	found := h.Host.Sessions(account)
	if h.n--; h.n == 0 {
		h.late()
	}
	return found
}
