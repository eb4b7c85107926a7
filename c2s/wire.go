package c2s

import (
	"net"
	"sync"

	"github.com/coder/websocket"
)

// wire is the connection under the WebSocket library. It reads many frames at
// once into a buffer that is lent, counts the frames of a message, and gathers
// many frames into one write on the way out.
type wire struct {
	net.Conn
	rest
	code websocket.StatusCode // owned by the reader: how to close, 0 if nothing is wrong

	// owned by the reader
	frames frameCounter
	lent   *[]byte // nil while nothing is read
	ahead  []byte  // what was read and the library has not taken

	mu        sync.Mutex
	gathering bool   // guarded by mu
	out       []byte // guarded by mu
}

// open: early is what the HTTP server had read already.
func (w *wire) open(conn net.Conn, early []byte, rests *watch) {
	w.Conn, w.over, w.watch, w.ahead = conn, conn, rests, early
}

func (w *wire) refuse(code websocket.StatusCode) { w.code = code }

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	if len(w.ahead) == 0 {
		if err := w.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, w.ahead)
	if err := w.frames.count(w.ahead[:n]); err != nil {
		return 0, err
	}
	w.ahead = w.ahead[n:]
	return n, nil
}

// fill waits for more. It ends with errQuiet only between two messages: there
// the library can be asked again.
func (w *wire) fill() error {
	if w.lent == nil {
		w.lent = lent.Get().(*[]byte)
	}
	n, err := w.Conn.Read(*w.lent)
	w.ahead = (*w.lent)[:n]
	switch {
	case n > 0:
		return nil // an error comes again
	case !w.mayRest(err):
		return err
	case w.frames.inside():
		return w.fill()
	}
	return errQuiet
}

func (w *wire) release() {
	giveBack(w.lent)
	w.lent, w.ahead = nil, nil
}

// Close implements net.Conn.
func (w *wire) Close() error {
	err := w.Conn.Close()
	w.rouse()
	return err
}

// Write implements net.Conn.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.gathering {
		return w.Conn.Write(p)
	}
	w.out = append(w.out, p...)
	if len(w.out) >= outSize {
		return len(p), w.flush()
	}
	return len(p), nil
}

// batch gathers everything that f writes into few system calls.
func (w *wire) batch(f func() error) error {
	p := outPool.Get().(*[]byte)
	defer outPool.Put(p)
	w.mu.Lock()
	w.gathering, w.out = true, (*p)[:0]
	w.mu.Unlock()
	err := f()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gathering = false
	if err == nil {
		err = w.flush()
	}
	if cap(w.out) <= 2*outSize {
		*p = w.out
	}
	w.out = nil
	return err
}

// flush is called with mu held.
func (w *wire) flush() error {
	if len(w.out) == 0 {
		return nil
	}
	_, err := w.Conn.Write(w.out)
	w.out = w.out[:0]
	return err
}
