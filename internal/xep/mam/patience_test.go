package mam

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"parley/storage"
)

// A read is repeated while the database is away, within bounds; what another
// attempt does not mend is told at once.
func TestPatiently(t *testing.T) {
	t.Parallel()
	away := fmt.Errorf("read: %w", storage.ErrUnavailable)
	ended, end := context.WithCancel(context.Background())
	end()
	for name, one := range map[string]struct {
		ctx    context.Context
		err    error
		until  time.Duration // when it comes back
		within time.Duration
		want   error
	}{
		"comes back":   {context.Background(), away, 3 * time.Second, 3*time.Second + maxPause, nil},
		"stays away":   {context.Background(), away, time.Hour, readFor, away},
		"other error":  {context.Background(), storage.ErrNotFound, time.Hour, 0, storage.ErrNotFound},
		"nobody waits": {ended, away, time.Hour, 0, away},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				_, err := patiently(one.ctx, func() (int, error) {
					if time.Since(begun) >= one.until {
						return 1, nil
					}
					return 0, one.err
				})
				if took := time.Since(begun); !errors.Is(err, one.want) || took > one.within {
					t.Errorf("%v after %s, want %v within %s", err, took, one.want, one.within)
				}
			})
		})
	}
}
