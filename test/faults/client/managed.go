package client

import (
	"fmt"
	"sync"
	"time"

	"parley/test/faults/record"
)

const nsSM = "urn:xmpp:sm:3"

// none stands for what is not one of the numbered messages.
const none = -1

// stanza is one that was sent and is not acknowledged.
type stanza struct {
	n   int // number of the message, or none
	raw []byte
}

// managed is the client's side of stream management (XEP-0198 §4): it lives as
// long as the session, over many connections.
type managed struct {
	log *record.Log

	mu    sync.Mutex
	id    string   // SM-ID, guarded by mu; empty: nothing to resume
	in    uint32   // received, guarded by mu
	base  uint32   // acknowledged by the server, guarded by mu
	queue []stanza // sent, not acknowledged, guarded by mu
	begun bool     // counting, guarded by mu
}

// begin starts a session: both counts are zero.
func (m *managed) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id, m.in, m.base, m.queue, m.begun = "", 0, 0, nil, true
}

func (m *managed) enabled(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id = id
}

// resumable returns what <resume/> asks for.
func (m *managed) resumable() (id string, h uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.id, m.in
}

func (m *managed) sent(s stanza) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queue = append(m.queue, s)
}

func (m *managed) waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.queue)
}

func (m *managed) receive() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.begun {
		m.in++
	}
}

func (m *managed) handled() uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.in
}

// ack takes what the server has handled off the queue.
func (m *managed) ack(h uint32, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := h - m.base // modulo 2^32, XEP-0198 §4
	if int64(n) > int64(len(m.queue)) {
		m.log.Strange(fmt.Sprintf("h='%d' where %d to %d were possible", h, m.base, m.base+uint32(len(m.queue))))
		return
	}
	for _, s := range m.queue[:n] {
		if s.n != none {
			m.log.Ack(s.n, now)
		}
	}
	m.queue, m.base = m.queue[n:], h
}

// unacked returns what must be sent again.
func (m *managed) unacked() []stanza {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]stanza(nil), m.queue...)
}

// end forgets the session and returns the messages that were not acknowledged.
func (m *managed) end() (again []stanza) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.queue {
		if s.n != none {
			again = append(again, s)
		}
	}
	m.id, m.queue, m.begun = "", nil, false
	return again
}
