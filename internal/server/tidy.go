package server

import (
	"context"
	"time"
)

const (
	// tidyEvery is how often what nobody needs any more is removed.
	tidyEvery = time.Hour
	// streamsKept is how long a client that comes back too late is told what was
	// handled of its stream (XEP-0198 §5).
	streamsKept = 7 * 24 * time.Hour
)

// keepTidy removes now and then what has expired.
func (s *Server) keepTidy(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	s.tidying = cancel
	s.serving.Go(func() {
		tick := time.NewTicker(tidyEvery)
		defer tick.Stop()
		for {
			s.tidy(ctx)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return nil
}

func (s *Server) tidy(ctx context.Context) {
	n, err := s.store.PruneStreams(ctx, time.Now().Add(-streamsKept))
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.log.Warn("old streams not removed", "err", err)
	case n > 0:
		s.log.Debug("removed old streams", "n", n)
	}
}
