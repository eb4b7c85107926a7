package c2s

import (
	"sync"
	"time"
)

// throttle counts failed authentications by address and by account within a
// window that begins with the first of them. A success resets nothing, so that
// an attacker's own account does not buy new tries.
type throttle struct {
	window time.Duration // fixed

	mu      sync.Mutex
	entries map[string]failures // guarded by mu
	cleaned time.Time           // guarded by mu
}

type failures struct {
	count int
	since time.Time
}

// fail counts one failure for each key.
func (t *throttle) fail(now time.Time, keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.entries == nil {
		t.entries = make(map[string]failures)
	}
	for _, k := range keys {
		e := t.entries[k]
		if e.count == 0 || now.Sub(e.since) > t.window {
			e = failures{since: now}
		}
		e.count++
		t.entries[k] = e
	}
}

// count returns the failures of key within the window.
func (t *throttle) count(now time.Time, key string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entries[key]
	if now.Sub(e.since) > t.window {
		return 0
	}
	return e.count
}

// forget drops what is older than the window. It looks at all entries at most
// once a minute.
func (t *throttle) forget(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.cleaned) < time.Minute {
		return
	}
	t.cleaned = now
	for k, e := range t.entries {
		if now.Sub(e.since) > t.window {
			delete(t.entries, k)
		}
	}
}
