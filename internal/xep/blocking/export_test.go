package blocking

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
	return len(m.lists.read)
}

// Forget drops the list of an account, as if its sessions had been made again after
// a restart.
func (m *Module) Forget(account string) { m.lists.drop(account, false) }
