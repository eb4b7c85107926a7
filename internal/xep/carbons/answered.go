package carbons

import (
	"slices"
	"sync"

	"parley/internal/jid"
	"parley/internal/module"
)

// Remembered is how many messages of a session are remembered, so that errors
// that answer them are recognised (XEP-0280 §6.1).
const Remembered = 64

// recent are the last messages that a session has sent or received and that were
// to be copied. Its size is bounded by Remembered.
type recent struct {
	mu   sync.Mutex
	list []sign // guarded by mu; a ring once it is full
	next int    // guarded by mu: the oldest of a full one
}

// sign is what an error repeats of the message that it answers.
type sign struct {
	id   string
	peer jid.JID // bare
}

// remember notes that a message was to be copied. Without an id an answer cannot
// be told.
func (m *Module) remember(s module.Session, id string, peer jid.JID) {
	if id == "" {
		return
	}
	m.recent.Update(s, func(r *recent) *recent {
		if r == nil {
			r = new(recent)
		}
		return r
	})
	m.recent.Get(s).add(sign{id, peer.Bare()})
}

// answers reports whether an error with that id, from or to peer, answers a
// message that was to be copied.
func (m *Module) answers(s module.Session, id string, peer jid.JID) bool {
	r := m.recent.Get(s)
	return r != nil && id != "" && r.has(sign{id, peer.Bare()})
}

func (r *recent) add(s sign) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) < Remembered {
		r.list = append(r.list, s)
		return
	}
	r.list[r.next] = s
	r.next = (r.next + 1) % Remembered
}

func (r *recent) has(s sign) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.list, s)
}
