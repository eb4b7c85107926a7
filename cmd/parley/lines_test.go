package main_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// lineWaiter keeps what is written to it and lets a test wait for a text.
type lineWaiter struct {
	mu      sync.Mutex
	text    strings.Builder // guarded by mu
	changed chan struct{}   // closed and made anew at each write; guarded by mu
}

func newLineWaiter() *lineWaiter { return &lineWaiter{changed: make(chan struct{})} }

func (l *lineWaiter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
	return l.text.Write(p)
}

func (l *lineWaiter) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait returns when all of want were written.
func (l *lineWaiter) wait(t testing.TB, want ...string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		l.mu.Lock()
		text, changed := l.text.String(), l.changed
		l.mu.Unlock()
		if hasAll(text, want) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("got\n%s\nwant %q", text, want)
		}
	}
}

func hasAll(text string, want []string) bool {
	for _, w := range want {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
