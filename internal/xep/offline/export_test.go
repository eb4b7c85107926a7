package offline

// UnderWay tells how many accounts and rows the module remembers.
func (m *Module) UnderWay() (accounts, rows int) {
	for i := range m.shards {
		sh := &m.shards[i]
		sh.mu.Lock()
		accounts += len(sh.accounts)
		for _, a := range sh.accounts {
			rows += len(a.rows)
		}
		sh.mu.Unlock()
	}
	return accounts, rows
}
