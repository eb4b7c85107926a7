package c2s

import (
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// watch waits for input on all connections that rest: one epoll instance, which
// Go's own poller watches in turn. It is opened by the first of them.
type watch struct {
	mu      sync.Mutex
	file    *os.File        // guarded by mu; nil before the first rest
	closed  bool            // guarded by mu
	fd      int             // fixed when file is set
	resting map[int32]*rest // guarded by mu: by descriptor
	done    chan struct{}   // closed when run has ended
}

// open reports whether the watch goes.
func (w *watch) open() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file != nil || w.closed {
		return !w.closed
	}
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return false
	}
	_ = unix.SetNonblock(fd, true) // what makes Go poll it
	file := os.NewFile(uintptr(fd), "epoll")
	poll, err := file.SyscallConn()
	if err != nil {
		return false
	}
	w.file, w.fd = file, fd
	w.resting, w.done = make(map[int32]*rest), make(chan struct{})
	go w.run(poll)
	return true
}

// close is called when no connection is left.
func (w *watch) close() {
	w.mu.Lock()
	w.closed = true
	file := w.file
	w.mu.Unlock()
	if file != nil {
		_ = file.Close()
		<-w.done
	}
}

// run ends rests until close.
func (w *watch) run(poll syscall.RawConn) {
	defer close(w.done)
	events := make([]unix.EpollEvent, 128)
	for {
		var n int
		err := poll.Read(func(fd uintptr) bool {
			n, _ = unix.EpollWait(int(fd), events, 0) // an error is none that lasts
			return n > 0
		})
		if err != nil {
			return // closed
		}
		for _, e := range events[:n] {
			w.ready(e.Fd)
		}
	}
}

// ready ends a rest. A descriptor may belong to another connection by now: that
// one's reader finds nothing and rests again.
func (w *watch) ready(fd int32) {
	w.mu.Lock()
	r := w.resting[fd]
	w.mu.Unlock()
	if r != nil {
		r.rouse()
	}
}

// add reports whether there will be an end to the rest. What has come already
// ends it. r.mu is held.
func (w *watch) add(r *rest) bool {
	raw := rawConn(r.over)
	if raw == nil || !w.open() {
		return false
	}
	err := raw.Control(func(fd uintptr) {
		r.fd = int32(fd)
		w.mu.Lock()
		w.resting[r.fd] = r
		w.mu.Unlock()
		r.watched = w.arm(r.fd, r.watched)
	})
	if err != nil || !r.watched { // closed, or the kernel has no room
		w.remove(r)
		return false
	}
	return true
}

// arm asks for one event.
func (w *watch) arm(fd int32, known bool) bool {
	op := unix.EPOLL_CTL_ADD
	if known {
		op = unix.EPOLL_CTL_MOD
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT, Fd: fd}
	return unix.EpollCtl(w.fd, op, int(fd), &event) == nil
}

// remove forgets a rest, unless the descriptor is another's by now. r.mu is held.
func (w *watch) remove(r *rest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.resting[r.fd] == r {
		delete(w.resting, r.fd)
	}
}
