package session

import (
	"runtime"
	"sync"
	"time"
)

// Writers lends goroutines to the sessions that have something to write: a
// stanza for a thousand clients starts a few of them instead of a thousand. A
// client that does not read holds up its own session and, once, for the time of a
// glance, what waits behind it: its goroutine is then left to it, and another one
// takes over. The zero value is ready; it must not be copied.
type Writers struct {
	mu       sync.Mutex
	first    *Session  // guarded by mu: the queue, linked by Session.behind
	last     *Session  // guarded by mu
	at       []*lender // guarded by mu: the goroutines at work, but for those left to a client
	resting  []*lender // guarded by mu: to be used again
	most     int       // guarded by mu: as many as can run at a time
	watching bool      // guarded by mu: glance is going to be called
	watch    *time.Timer
	done     sync.WaitGroup
}

// lender is one goroutine, or what is kept of it for the next.
type lender struct {
	run  func()
	turn uint // guarded by Writers.mu: how many sessions it has taken
	seen uint // guarded by Writers.mu: the turn at the last glance
	left bool // guarded by Writers.mu: it is its session's
}

// glance is how often those that others wait for are looked at. Who is still at
// the same session then waits for its client, or is a moment without a
// processor; in both cases one goroutine more does no harm.
const glance = time.Millisecond

// resting goroutines' records that are kept.
const maxResting = 64

// write has s written. It does not wait. Session.mu may be held.
func (w *Writers) write(s *Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first == nil {
		w.first = s
	} else {
		w.last.behind = s
	}
	w.last = s
	if w.most == 0 {
		w.most = runtime.GOMAXPROCS(0)
	}
	if len(w.at) < w.most {
		w.begin()
	} else if !w.watching {
		w.look()
	}
}

// begin starts a goroutine. mu is held.
func (w *Writers) begin() {
	l := w.rested()
	w.at = append(w.at, l)
	w.done.Add(1)
	go l.run()
}

// rested is called with mu held.
func (w *Writers) rested() *lender {
	if n := len(w.resting); n > 0 {
		l := w.resting[n-1]
		w.resting = w.resting[:n-1]
		return l
	}
	l := new(lender)
	l.run = func() { w.work(l) }
	return l
}

// work writes one session after another until none waits.
func (w *Writers) work(l *lender) {
	defer w.done.Done()
	for s := w.next(l); s != nil; s = w.next(l) {
		s.write()
	}
}

// next takes a session from the queue, nil if l's work is done.
func (w *Writers) next(l *lender) *Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	l.turn++
	s := w.first
	if l.left || s == nil {
		w.rest(l)
		return nil
	}
	w.first, s.behind = s.behind, nil
	return s
}

// rest is called with mu held, at the end of a goroutine.
func (w *Writers) rest(l *lender) {
	w.leave(l)
	l.left = false
	if len(w.resting) < maxResting {
		w.resting = append(w.resting, l)
	}
}

// leave takes l out of those that count. mu is held.
func (w *Writers) leave(l *lender) {
	for i, at := range w.at {
		if at == l {
			n := len(w.at) - 1
			w.at[i], w.at[n] = w.at[n], nil
			w.at = w.at[:n]
			return
		}
	}
}

// look has those at work looked at after a while. mu is held.
func (w *Writers) look() {
	w.watching = true
	for _, l := range w.at {
		l.seen = l.turn
	}
	if w.watch == nil {
		w.watch = time.AfterFunc(glance, w.glance)
		return
	}
	w.watch.Reset(glance)
}

// glance replaces the goroutines that have not moved while sessions waited.
func (w *Writers) glance() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watching, w.most = false, runtime.GOMAXPROCS(0)
	if w.first == nil {
		return
	}
	for i := len(w.at) - 1; i >= 0; i-- { // leave moves the last one
		if l := w.at[i]; l.turn == l.seen {
			l.left = true
			w.leave(l)
			w.begin()
		}
	}
	w.look()
}

// Wait waits for the goroutines to end. Nothing may be written any more.
func (w *Writers) Wait() { w.done.Wait() }
