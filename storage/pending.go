package storage

import "context"

// Pending is a write on its way to the disk. It completes when the transaction
// that holds it is committed and synced, or when it has failed for good.
type Pending interface {
	// Done is closed when the outcome is known.
	Done() <-chan struct{}
	// Err is the outcome, valid once Done is closed: nil means committed and
	// synced.
	Err() error
	// Then calls f once when the outcome is known: on the goroutine that makes
	// the writes or, if it is known already, at once. f must not block, and must
	// not wait for another write.
	Then(f func())
}

// Wait waits for p and returns its outcome. If ctx ends first it returns the
// error of ctx; the write goes on all the same.
func Wait(ctx context.Context, p Pending) error {
	select {
	case <-p.Done():
		return p.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
