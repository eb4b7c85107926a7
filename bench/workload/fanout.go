package workload

import (
	"time"

	"parley/bench/client"
)

// fanOut has one client say number after number until the loop is over, each when
// all have been told the one before; times says how long that took.
func fanOut(l *loop, times *histogram, patience time.Duration, say func(n uint64) error, all sessions, told func(s *client.Session, n uint64) error) error {
	now := time.Now()
	for n := uint64(0); ; n++ {
		measured, on := l.next()
		if !on {
			return nil
		}
		if err := say(n); err != nil {
			return err
		}
		for _, s := range all {
			s.Conn.Extend(now, patience)
			if err := told(s, n); err != nil {
				return err
			}
		}
		sent := now
		now = time.Now()
		if measured {
			times.add(now.Sub(sent))
		}
	}
}
