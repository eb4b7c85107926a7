// Package sparing keeps a flood out of the log: of each kind of line a few come
// through at once, and one a second after that; the next one that does says how
// many were left out. What must never be left out is logged directly.
package sparing

import (
	"log/slog"
	"sync"
	"time"
)

const (
	atOnce = 20          // lines of a kind
	every  = time.Second // one more
)

// Lines decides which lines are written. The zero value is ready; it may be used
// by many goroutines.
type Lines struct {
	mu    sync.Mutex
	kinds map[string]*kind // guarded by mu; the program's own words, so they are few
}

type kind struct {
	free    time.Time // when as many as may come at once may come again
	leftOut int
}

// Info writes a line to log unless too many of that kind were written.
func (l *Lines) Info(log *slog.Logger, name, msg string, args ...any) {
	leftOut, ok := l.admit(time.Now(), name)
	if !ok {
		return
	}
	if leftOut > 0 {
		args = append(args, "left_out", leftOut)
	}
	log.Info(msg, args...)
}

func (l *Lines) admit(now time.Time, name string) (leftOut int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kinds == nil {
		l.kinds = make(map[string]*kind)
	}
	k := l.kinds[name]
	if k == nil {
		k = &kind{}
		l.kinds[name] = k
	}
	if k.free.Before(now) {
		k.free = now
	}
	if k.free.Sub(now) > (atOnce-1)*every {
		k.leftOut++
		return 0, false
	}
	k.free = k.free.Add(every)
	leftOut, k.leftOut = k.leftOut, 0
	return leftOut, true
}
