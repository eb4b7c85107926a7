package c2s

import (
	"context"
	"sync"
	"sync/atomic"

	"parley/internal/module"
	"parley/stanza"
)

// unstored counts what a client without stream management has sent and what is not
// known to be on the disk. Nothing acknowledges its messages, so the reader goes
// on, and one transaction takes many of them. It waits for them before the client
// gets an answer: to a request, or to the end of its stream. So who is answered
// knows that everything said before is stored, or has got an error.
type unstored struct {
	mu    sync.Mutex
	left  int           // guarded by mu: writes under way, or failed and not told
	empty chan struct{} // guarded by mu: closed when left is 0; made on demand
}

// add notes the writes of a stanza, and returns how many are under way in all. If
// any fails, failed is called once, on a goroutine of its own.
func (u *unstored) add(writes []module.Pending, failed func(error)) int {
	u.mu.Lock()
	u.left += len(writes)
	left := u.left
	u.mu.Unlock()
	told := new(atomic.Bool)
	for _, w := range writes {
		w.Then(func() {
			err := w.Err()
			if err == nil || !told.CompareAndSwap(false, true) {
				u.done()
				return
			}
			go func() {
				defer u.done()
				failed(err)
			}()
		})
	}
	return left
}

func (u *unstored) done() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.left--; u.left == 0 && u.empty != nil {
		close(u.empty)
		u.empty = nil
	}
}

// wait returns when all is stored or told, or ctx ends.
func (u *unstored) wait(ctx context.Context) {
	select {
	case <-u.settled():
	case <-ctx.Done():
	}
}

func (u *unstored) settled() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.left == 0 {
		return settledAlready
	}
	if u.empty == nil {
		u.empty = make(chan struct{})
	}
	return u.empty
}

var settledAlready = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// waitsForAnswer reports whether the client is going to be answered.
func waitsForAnswer(st *module.Stanza) bool {
	return st.Kind == stanza.IQ && (st.Type == "get" || st.Type == "set")
}

// booked notes what a stanza of a client without stream management persists.
func (c *Conn) booked(ctx context.Context, st *module.Stanza, writes []module.Pending) {
	if len(writes) == 0 {
		return
	}
	left := c.unstored.add(writes, func(err error) { c.server.Router.Failed(context.Background(), st, err) })
	if left >= maxOpen || waitsForAnswer(st) {
		c.unstored.wait(ctx)
	}
}
