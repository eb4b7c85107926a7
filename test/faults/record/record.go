// Package record is what each client of a fault campaign saw: what it sent, what
// of that was acknowledged or refused, what it received, what it found in its
// archive. Nothing is judged here.
package record

import (
	"sync"
	"time"
)

// Sent is a message to somebody. Its number is its place in Log.Sent.
type Sent struct {
	To      int       // index of the recipient
	At      time.Time // when it was first given to a connection
	Acked   time.Time // when XEP-0198 said it was handled; zero: never
	Errored time.Time // when it came back as an error; zero: never
	Reason  string    // the error's condition
}

// Accepted tells that the server took responsibility: it was acknowledged and
// is not refused.
func (s Sent) Accepted() bool { return !s.Acked.IsZero() && s.Errored.IsZero() }

// Received is a message that arrived.
type Received struct {
	From, N  int
	Session  int    // a resumed session is the same one
	StanzaID string // given by the recipient's server (XEP-0359)
	At       time.Time
}

// Archived is a row of the user's archive, in its order (XEP-0313).
type Archived struct {
	ID          string
	From, To, N int
}

// Log is one user's.
type Log struct {
	User int

	mu       sync.Mutex
	sent     []Sent      // guarded by mu
	received []Received  // guarded by mu
	archived []Archived  // guarded by mu
	breaks   []time.Time // guarded by mu
	got      map[[2]int]bool
	acked    int // guarded by mu
	settled  int // guarded by mu; acked or errored
	strange  []string
}

// New returns an empty log.
func New(user int) *Log { return &Log{User: user, got: map[[2]int]bool{}} }

// Next notes a message that is about to be sent and returns its number.
func (l *Log) Next(to int, at time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, Sent{To: to, At: at})
	return len(l.sent) - 1
}

// Ack notes that message n was handled.
func (l *Log) Ack(n int, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.sent[n]
	if s.Acked.IsZero() {
		s.Acked = at
		l.acked++
		if s.Errored.IsZero() {
			l.settled++
		}
	}
}

// Error notes that message n was refused.
func (l *Log) Error(n int, at time.Time, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n >= len(l.sent) || !l.sent[n].Errored.IsZero() {
		return
	}
	s := &l.sent[n]
	s.Errored, s.Reason = at, reason
	if s.Acked.IsZero() {
		l.settled++
	}
}

// Receive notes a message that arrived.
func (l *Log) Receive(r Received) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.received = append(l.received, r)
	l.got[[2]int{r.From, r.N}] = true
}

// Archive notes the next row of the archive.
func (l *Log) Archive(a Archived) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.archived = append(l.archived, a)
}

// Break notes that a connection ended.
func (l *Log) Break(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.breaks = append(l.breaks, at)
}

// maxStrange of what should not have come are kept.
const maxStrange = 20

// Strange notes something that the specification does not allow here.
func (l *Log) Strange(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.strange) < maxStrange {
		l.strange = append(l.strange, what)
	}
}

// Got tells whether message n of a sender arrived in any session.
func (l *Log) Got(from, n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.got[[2]int{from, n}]
}

// Counts returns how many messages were sent, acknowledged, and acknowledged or
// refused.
func (l *Log) Counts() (sent, acked, settled int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.sent), l.acked, l.settled
}

// View is a log at rest: it does not change, and is not to be changed.
type View struct {
	User     int
	Sent     []Sent
	Received []Received
	Archived []Archived
	Breaks   []time.Time
	Strange  []string
}

// View returns what the log holds.
func (l *Log) View() View {
	l.mu.Lock()
	defer l.mu.Unlock()
	return View{l.User, l.sent[:len(l.sent):len(l.sent)], l.received, l.archived, l.breaks, l.strange}
}

// Outage is a time in which nothing could be stored.
type Outage struct {
	From, Until time.Time
	What        string
}
