//go:build faults && unix

package failpoint

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Enabled tells whether this binary can be armed.
const Enabled = true

// control is this process's side of the control file, nil without one. It is
// opened when it is first asked for: the only state here, in a binary that is
// made for nothing but the campaign.
var control = sync.OnceValue(func() *page {
	path := os.Getenv(Variable)
	if path == "" {
		return nil
	}
	p, err := mapPage(path)
	if err != nil {
		panic(fmt.Sprintf("failpoint: %s=%s: %v", Variable, path, err))
	}
	return p
})

// Reach says that the server is at p. If p is armed and its count is used up
// the process ends as by SIGKILL: nothing is flushed, nothing deferred runs.
func Reach(p Point) {
	c := control()
	if c == nil || Point(atomic.LoadInt64(&c.point)) != p || atomic.AddInt64(&c.passes, -1) != 0 {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal may take a moment
}

// Now is the clock for ids and stamps, stepped as the campaign says. It has no
// monotonic part, as the time that another process's clock gives.
func Now() time.Time {
	c := control()
	if c == nil {
		return time.Now()
	}
	return time.Now().Round(0).Add(time.Duration(atomic.LoadInt64(&c.offset)))
}
