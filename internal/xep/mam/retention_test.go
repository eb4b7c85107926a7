package mam_test

import (
	"context"
	"testing"
	"time"

	"parley/internal/xep/mam"
)

// TestSweep: what is older than the retention goes, of every account, in more
// than one step; what waits for delivery stays (XEP-0313 §3.2).
func TestSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{Retention: time.Hour})
	w.Bind(t, romeo).Send("<message to='juliet@localhost'><body>x</body></message>") // waits for her
	conversation(t, w, 501, 1)
	now := time.Now()
	if err := w.mam.Sweep(t.Context(), now.Add(time.Hour-time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n := len(w.archive(t, "romeo@localhost")); n != 502 {
		t.Errorf("%d rows are left of 502 that are not old enough", n)
	}
	if err := w.mam.Sweep(t.Context(), now.Add(time.Hour+time.Second)); err != nil {
		t.Fatal(err)
	}
	if n := len(w.archive(t, "romeo@localhost")); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if n := len(w.archive(t, "juliet@localhost")); n != 1 {
		t.Errorf("%d rows that wait for delivery are left, want 1", n)
	}
}

// purger tells that a sweep has begun.
type purger struct {
	mam.Store
	began chan struct{}
}

func (p purger) PurgeMessages(context.Context, string, int64, int) (int, error) {
	select {
	case p.began <- struct{}{}:
	default:
	}
	return 1, nil // there is always more
}

// TestStop: the sweep begins with the server and ends with it, whatever is left.
func TestStop(t *testing.T) {
	t.Parallel()
	w := empty(t)
	p := purger{w.store, make(chan struct{}, 1)}
	conversation(t, w, 1, 1)
	w.startOn(t, p, mam.Options{Retention: time.Nanosecond})
	w.mam.Start()
	<-p.began
	w.mam.Wait()
	w.mam.Wait() // again does no harm
}

// TestForever: without a retention nothing is removed.
func TestForever(t *testing.T) {
	t.Parallel()
	w := empty(t)
	p := purger{w.store, make(chan struct{}, 1)}
	w.startOn(t, p, mam.Options{})
	w.mam.Start()
	w.mam.Wait()
	if len(p.began) > 0 {
		t.Error("a sweep has begun")
	}
}
