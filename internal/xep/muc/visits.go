package muc

import (
	"sync"

	"parley/internal/jid"
)

// visits are the rooms that accounts are in. The zero value is ready.
type visits struct {
	mu sync.Mutex
	of map[jid.JID]map[*Room]int // guarded by mu: clients of the account there
}

// begin notes a client of an account in a room, unless the account is in limit
// others.
func (v *visits) begin(account jid.JID, r *Room, limit int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.of[account][r] == 0 && len(v.of[account]) >= limit {
		return false
	}
	if v.of == nil {
		v.of = map[jid.JID]map[*Room]int{}
	}
	if v.of[account] == nil {
		v.of[account] = map[*Room]int{}
	}
	v.of[account][r]++
	return true
}

func (v *visits) end(account jid.JID, r *Room) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.of[account][r]--; v.of[account][r] > 0 {
		return
	}
	if delete(v.of[account], r); len(v.of[account]) == 0 {
		delete(v.of, account)
	}
}

// rooms returns where an account is.
func (v *visits) rooms(account jid.JID) []*Room {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make([]*Room, 0, len(v.of[account]))
	for r := range v.of[account] {
		out = append(out, r)
	}
	return out
}
