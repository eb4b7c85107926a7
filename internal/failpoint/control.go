//go:build unix

package failpoint

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// page is what the campaign and the server share.
type page struct {
	point, passes int64 // kill at this point when it is passed so many times
	offset        int64 // of the clock, nanoseconds
}

const pageSize = int(unsafe.Sizeof(page{}))

func mapPage(path string) (*page, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() // the mapping stays
	b, err := syscall.Mmap(int(f.Fd()), 0, pageSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return (*page)(unsafe.Pointer(&b[0])), nil
}

// Control is the campaign's side. What it says holds for the running server and
// for those that are started later.
type Control struct {
	path string
	page *page
}

// NewControl makes a control file.
func NewControl(path string) (*Control, error) {
	if err := os.WriteFile(path, make([]byte, pageSize), 0o600); err != nil {
		return nil, fmt.Errorf("failpoint: %w", err)
	}
	p, err := mapPage(path)
	if err != nil {
		return nil, fmt.Errorf("failpoint: map %s: %w", path, err)
	}
	return &Control{path, p}, nil
}

// Env is what the server's environment must hold.
func (c *Control) Env() string { return Variable + "=" + c.path }

// Arm kills the server when it passes p for the given time, 1 being the next.
func (c *Control) Arm(p Point, passes int64) {
	atomic.StoreInt64(&c.page.point, int64(None))
	atomic.StoreInt64(&c.page.passes, passes)
	atomic.StoreInt64(&c.page.point, int64(p))
}

// Disarm lets the server live.
func (c *Control) Disarm() { c.Arm(None, 0) }

// SetClock makes the server's clock for ids and stamps differ from the true one.
func (c *Control) SetClock(offset time.Duration) {
	atomic.StoreInt64(&c.page.offset, int64(offset))
}

// Close lets go of the file.
func (c *Control) Close() error {
	b := unsafe.Slice((*byte)(unsafe.Pointer(c.page)), pageSize)
	return syscall.Munmap(b)
}
