package mam

import (
	"context"
	"errors"
	"time"

	"parley/storage"
)

// readFor bounds the attempts at what has to be read before a message can be
// stored, while the database is away. It is less than for a write: the client's
// next stanza waits too.
const readFor = 10 * time.Second

// The pause between attempts doubles from the first to the second.
const minPause, maxPause = 10 * time.Millisecond, time.Second

// patiently repeats a read as long as the database may come back.
func patiently[T any](ctx context.Context, read func() (T, error)) (T, error) {
	begun := time.Now()
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		v, err := read()
		if !away(err) || time.Since(begun)+pause > readFor {
			return v, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return v, err
		}
	}
}

// away reports whether another attempt may mend err.
func away(err error) bool {
	return errors.Is(err, storage.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}
