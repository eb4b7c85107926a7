package c2s

import (
	"cmp"
	"context"
	"sync"

	"parley/internal/module"
	"parley/stanza"
)

// unstored is what a client without stream management has sent and what is not
// known to be on the disk. Nothing acknowledges its messages, so the reader goes
// on, and one transaction takes many of them. It waits for them before the client
// gets an answer: to a request, with an error, or to the end of its stream. So
// errors come in the order of what they answer, and who is answered knows that
// everything said before is stored.
type unstored struct {
	mu      sync.Mutex
	said    []*said       // guarded by mu: in order, from the first that is not done
	telling bool          // guarded by mu: tell runs
	empty   chan struct{} // guarded by mu: closed when nothing is left; made on demand
}

// said is a stanza whose writes are under way. Guarded by unstored.mu, but for
// failed.
type said struct {
	left   int
	err    error // the first one: the sender gets one error
	failed func(error)
}

// add notes the writes of a stanza, and returns how many stanzas are not done. If
// any fails, failed is called once, in its turn, on a goroutine of its own.
func (u *unstored) add(writes []module.Pending, failed func(error)) int {
	one := &said{left: len(writes), failed: failed}
	u.mu.Lock()
	u.said = append(u.said, one)
	n := len(u.said)
	u.mu.Unlock()
	for _, w := range writes {
		w.Then(func() { u.completed(one, w.Err()) })
	}
	return n
}

func (u *unstored) completed(one *said, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	one.left--
	one.err = cmp.Or(one.err, err)
	u.advance()
}

// advance is called with mu held.
func (u *unstored) advance() {
	for len(u.said) > 0 && u.said[0].left == 0 {
		if u.said[0].err != nil {
			if !u.telling {
				u.telling = true
				go u.tell(u.said[0])
			}
			return
		}
		u.drop()
	}
}

// tell reports a failure; what came after it waits.
func (u *unstored) tell(one *said) {
	one.failed(one.err)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.telling = false
	u.drop()
	u.advance()
}

// drop is called with mu held.
func (u *unstored) drop() {
	u.said[0] = nil
	if u.said = u.said[1:]; len(u.said) > 0 {
		return
	}
	u.said = nil
	if u.empty != nil {
		close(u.empty)
		u.empty = nil
	}
}

// wait returns when all is stored or told, or ctx ends.
func (u *unstored) wait(ctx context.Context) {
	done := u.done()
	if done == nil {
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// done returns nil if nothing is left.
func (u *unstored) done() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.said) == 0 {
		return nil
	}
	if u.empty == nil {
		u.empty = make(chan struct{})
	}
	return u.empty
}

// Settle returns when what the client has said before is stored, or it was told
// that it is not: errors come in the order of what they answer (RFC 6120 §10.1).
func (c *Conn) Settle(ctx context.Context) {
	if s := c.session.Load(); s.Managed() {
		_, _ = s.Settled(ctx) // fails only with ctx or the number, which can wait
		return
	}
	c.unstored.wait(ctx)
}

// waitsForAnswer reports whether the client is going to be answered.
func waitsForAnswer(st *module.Stanza) bool {
	return st.Kind == stanza.IQ && (st.Type == "get" || st.Type == "set")
}

// booked notes what a stanza of a client without stream management persists.
func (c *Conn) booked(ctx context.Context, st *module.Stanza, writes []module.Pending) {
	if len(writes) == 0 {
		return
	}
	left := c.unstored.add(writes, c.notStored(st))
	if left >= maxOpen || waitsForAnswer(st) {
		c.unstored.wait(ctx)
	}
}
