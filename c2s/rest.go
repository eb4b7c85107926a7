package c2s

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"parley/storage"
)

// errQuiet means that nothing comes and the reader may rest.
var errQuiet = errors.New("c2s: quiet")

// restAfter is how long a client must be silent before its connection rests. A
// reader that is busy so pays nothing for it.
const restAfter = time.Second

// rest is how an idle connection costs no goroutine, whose stack would be most
// of its memory, and no buffers. When a client has been silent for a while, the
// keeper asks the reader to rest. If nothing has come and no element is half
// read, the reader gives its buffers back and ends, and the watch starts
// another one when there is input, the connection is closed, or others wake it.
//
// Whoever reads asks mayRest about each error.
type rest struct {
	over net.Conn // fixed: whose deadline ends a read

	mu      sync.Mutex
	watch   *watch // guarded by mu; nil: it cannot rest
	reader  reader // guarded by mu: to be started; nil unless it rests
	fd      int32  // guarded by mu: what the watch knows it by
	watched bool   // guarded by mu: the watch has seen it
	asked   bool   // guarded by mu: the deadline has passed because of ask
	woken   bool   // guarded by mu: the deadline is that of wake, for good
}

// reader is who reads while the connection does not rest.
type reader interface{ startReader() }

// past is a deadline that has always passed.
var past = time.Unix(1, 0)

// ask makes a reader that has nothing to do rest; any goroutine may call it.
func (r *rest) ask() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.watch == nil || r.asked || r.woken || r.reader != nil {
		return
	}
	r.asked = true
	_ = r.over.SetReadDeadline(past) // fails only when closed
}

// mayRest reports whether err, of a read, says no more than that somebody has
// asked. Then the deadline is gone.
func (r *rest) mayRest(err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.asked || r.woken {
		return false
	}
	r.asked = false
	_ = r.over.SetReadDeadline(time.Time{})
	return true
}

// begin lets the connection rest. It is the last thing that a reader does.
func (r *rest) begin(next reader) {
	r.mu.Lock()
	resting := !r.woken && r.watch.add(r)
	if resting {
		r.reader = next // before the watch sees what has come already: it needs mu
	} else {
		r.watch = nil
	}
	r.mu.Unlock()
	if !resting {
		next.startReader()
	}
}

// wake makes reading fail at the latest at t, and rest no more.
func (r *rest) wake(at time.Time) {
	r.mu.Lock()
	r.woken = true
	_ = r.over.SetReadDeadline(at) // fails only when closed
	r.mu.Unlock()
	r.rouse()
}

// rouse starts a reader, if there is none. It is called when there is input, and
// after the connection was closed.
func (r *rest) rouse() {
	r.mu.Lock()
	next := r.reader
	if r.reader = nil; next != nil {
		r.watch.remove(r)
	}
	r.mu.Unlock()
	if next != nil {
		next.startReader()
	}
}

// startReader implements reader.
func (c *Conn) startReader() {
	go func() {
		defer c.server.running.Done()
		c.serve(c.server.base)
	}()
}

// rest ends the reader for the time being. Shutdown goes on waiting for the
// connection.
func (c *Conn) rest() {
	c.view, c.to, c.unit = nil, addressCache{}, storage.Unit{}
	c.transport.release()
	c.server.running.Add(1)
	c.transport.begin(c)
}

// mayRest is asked by the keeper. What comes before a session is soon over.
func (c *Conn) mayRest(silent time.Duration) bool {
	return silent > restAfter && c.session.Load() != nil
}

// rawConn returns the descriptor under a connection; nil if it has none.
func rawConn(conn net.Conn) syscall.RawConn {
	for {
		switch c := conn.(type) {
		case syscall.Conn:
			raw, err := c.SyscallConn()
			if err != nil {
				return nil
			}
			return raw
		case interface{ NetConn() net.Conn }: // TLS
			conn = c.NetConn()
		case interface{ Raw() net.Conn }: // the PROXY protocol
			conn = c.Raw()
		default:
			return nil
		}
	}
}

// lent are the buffers of readers. A resting connection has none.
var lent = sync.Pool{New: func() any { b := make([]byte, lentSize); return &b }}

// lentSize is how much one read takes at most.
const lentSize = 2 << 10

func giveBack(b *[]byte) {
	if b != nil {
		lent.Put(b)
	}
}
