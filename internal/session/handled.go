package session

import (
	"context"
	"time"

	"parley/internal/module"
)

// inbound counts what the client has sent (XEP-0198 §4). A stanza is handled
// when everything that it must persist is committed, and all before it are; and
// the client is told a number only when that number is stored itself, so that
// after a crash the server never says less. The number of a stanza that persists
// something is stored with it (ride.go). Guarded by Session.mu.
type inbound struct {
	received uint32     // stanzas that came
	handled  uint32     // the longest prefix of them that is done
	stored   uint32     // the last number that is durable
	open     []*receipt // of received, in order, from the first that is not done
	saving   bool       // a number is on its way to the disk, alone
	rides    int        // so many are, along with writes
	barriers int        // stanzas of open that no number may pass before they are done

	asked   bool      // the client wants to know
	target  uint32    // received, when it asked first and was not told that much
	latest  uint32    // received, when it asked last
	askedAt time.Time // for target, or when it was last told less
	answer  bool      // told is to be written
	told    uint32

	settled chan struct{} // closed when nothing is open; made on demand
}

// receipt is a stanza whose writes are under way.
type receipt struct {
	left    int  // writes under way
	failed  bool // one of them failed
	barrier bool // counted by inbound.barriers
}

// Handled counts a stanza that the client has sent and that was handled but for
// writes. foreign says that some of them were not submitted by this stanza. If any
// fails, failed is called once, on a goroutine of its own, before the stanza
// counts.
func (s *Session) Handled(writes []module.Pending, foreign bool, failed func(error)) {
	s.mu.Lock()
	in := &s.managed.inbound
	in.received++
	if len(writes) == 0 && len(in.open) == 0 {
		in.handled = in.received
		s.mu.Unlock()
		return
	}
	r := &receipt{left: len(writes)}
	in.open = append(in.open, r)
	if foreign && r.left > 0 {
		in.bar(r)
	}
	s.mu.Unlock()
	for _, w := range writes {
		w.Then(func() { s.completed(r, w.Err(), failed) })
	}
}

func (s *Session) completed(r *receipt, err error, failed func(error)) {
	if err == nil || !s.firstFailure(r) {
		s.complete(r)
		return
	}
	go func() {
		defer s.complete(r)
		failed(err)
	}()
}

// firstFailure reports whether no other write of the stanza has failed: its
// sender gets one error.
func (s *Session) firstFailure(r *receipt) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !r.failed
	r.failed = true
	s.managed.inbound.bar(r)
	return first
}

func (s *Session) complete(r *receipt) {
	s.mu.Lock()
	in := &s.managed.inbound
	r.left--
	in.unbar(r)
	in.advance()
	save := s.tell(false)
	s.mu.Unlock()
	s.save(save)
}

// advance moves handled over what is done.
func (in *inbound) advance() {
	done := 0
	for done < len(in.open) && in.open[done].left <= 0 {
		done++
	}
	in.handled += uint32(done)
	clear(in.open[:done])
	if in.open = in.open[done:]; len(in.open) == 0 {
		in.open = nil
		in.wake()
	}
}

// wake lets Settled look again.
func (in *inbound) wake() {
	if in.settled != nil {
		close(in.settled)
		in.settled = nil
	}
}

// Open returns how many of the client's stanzas are not done.
func (s *Session) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.managed == nil {
		return 0
	}
	return len(s.managed.inbound.open)
}

// AckRequested says that the client has asked what was handled: <r/>. The answer
// goes out when all that it has sent so far is, or had sent when it asked before
// and was not told: one that asks after each stanza always has some under way.
func (s *Session) AckRequested() {
	s.mu.Lock()
	in := &s.managed.inbound
	if in.latest = in.received; !in.asked {
		in.await(true)
	}
	save := s.tell(false)
	s.mu.Unlock()
	s.save(save)
}

// await makes the next answer one for what was asked for last, if that is owed.
func (in *inbound) await(owed bool) {
	in.asked, in.target, in.askedAt = owed, in.latest, time.Now()
}

// saveOrder is a number to be made durable.
type saveOrder struct {
	count uint32
	by    func(uint32) module.Pending
}

// tell is called with mu held. It answers if that is due, or returns the number
// that must be stored before; late says that the answer must not wait longer.
func (s *Session) tell(late bool) saveOrder {
	m := s.managed
	in := &m.inbound
	if !in.asked {
		return saveOrder{}
	}
	if n := m.tellable(); late || !below(n, in.target) {
		in.answer, in.told = true, n
		s.wakeWriter()
		if !below(n, in.target) {
			in.await(below(n, in.latest))
		}
	}
	if !in.asked || below(in.handled, in.target) || !in.quiet() {
		return saveOrder{}
	}
	in.saving = true
	return saveOrder{in.handled, m.Save}
}

// below compares counts, which wrap (XEP-0198 §4).
func below(a, b uint32) bool { return int32(a-b) < 0 }

// tellable is the last number that is handled and stored.
func (m *managed) tellable() uint32 {
	if m.unsaved() {
		return m.inbound.stored
	}
	return m.inbound.handled
}

// unsaved reports whether what is handled is not stored as such.
func (m *managed) unsaved() bool {
	return m.Save != nil && below(m.inbound.stored, m.inbound.handled)
}

// quiet reports whether no number is on its way to the disk. There is one at a
// time, but for those that ride with writes, so that a lower one never comes last.
func (in *inbound) quiet() bool { return !in.saving && in.rides == 0 }

// save is called without mu.
func (s *Session) save(order saveOrder) module.Pending {
	if order.by == nil {
		return nil
	}
	p := order.by(order.count)
	p.Then(func() { s.saved(order.count, p.Err()) })
	return p
}

func (s *Session) saved(count uint32, err error) {
	s.mu.Lock()
	in := &s.managed.inbound
	in.saving = false
	in.wake()
	var next saveOrder
	if err == nil { // else the keeper tries again
		in.keep(count)
		next = s.tell(false)
	}
	s.mu.Unlock()
	s.save(next)
}

// patience is how long a client waits for an answer to <r/> before it is told
// what is stored so far. Clients take a server that does not answer for dead.
const patience = 2 * time.Second

// Tick is the keeper's look.
func (s *Session) Tick(now time.Time) {
	s.mu.Lock()
	var save saveOrder
	if m := s.managed; m != nil && m.inbound.asked && now.Sub(m.inbound.askedAt) > patience {
		save = s.tell(true)
		m.inbound.askedAt = now
	}
	s.mu.Unlock()
	s.save(save)
}

// Settled waits until all that the client has sent is handled, and returns their
// number, which is durable then.
func (s *Session) Settled(ctx context.Context) (uint32, error) {
	for {
		count, wait, order := s.unsettled()
		switch {
		case wait != nil:
			select {
			case <-wait:
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		case order.by == nil:
			return count, nil
		default:
			if err := s.store(ctx, order); err != nil {
				return 0, err
			}
		}
	}
}

// unsettled returns what Settled has to wait for or to store.
func (s *Session) unsettled() (count uint32, wait <-chan struct{}, order saveOrder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.managed
	in := &m.inbound
	if len(in.open) > 0 || !in.quiet() {
		if in.settled == nil {
			in.settled = make(chan struct{})
		}
		return 0, in.settled, saveOrder{}
	}
	if !m.unsaved() {
		return in.handled, nil, saveOrder{}
	}
	in.saving = true
	return in.handled, nil, saveOrder{in.handled, m.Save}
}

func (s *Session) store(ctx context.Context, order saveOrder) error {
	p := s.save(order)
	select {
	case <-p.Done():
		return p.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// keep books that count is durable.
func (in *inbound) keep(count uint32) {
	if below(in.stored, count) {
		in.stored = count
	}
}
