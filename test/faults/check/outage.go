package check

import (
	"time"

	"parley/test/faults/record"
)

// outage judges what a user saw of a time in which nothing could be stored: no
// acknowledgement of what was sent in it but after a refusal, and past the bound
// a refusal, unless the connection broke.
func (c *checker) outage(v record.View, o record.Outage) {
	for n, s := range v.Sent {
		if s.At.Before(o.From) || !s.At.Before(o.Until) {
			continue
		}
		m := message{v.User, n}
		refused := !s.Errored.IsZero()
		if !s.Acked.IsZero() && s.Acked.Before(o.Until) && (!refused || s.Errored.After(s.Acked)) {
			c.broken(AckedInOutage, v.User, m, "%s: sent %v into it, acknowledged %v later", o.What, s.At.Sub(o.From), s.Acked.Sub(s.At))
		}
		if c.opts.Bound > 0 && c.silent(v, s, o) {
			c.broken(Silence, v.User, m, "%s: sent %v into it", o.What, s.At.Sub(o.From))
		}
	}
}

// silent tells whether the message should have been refused within the outage
// and was not.
func (c *checker) silent(v record.View, s record.Sent, o record.Outage) bool {
	due := s.At.Add(c.opts.Bound)
	if due.After(o.Until) || !s.Errored.IsZero() && !s.Errored.After(due) {
		return false
	}
	return !brokeBetween(v.Breaks, s.At, due)
}

func brokeBetween(breaks []time.Time, from, until time.Time) bool {
	for _, b := range breaks {
		if !b.Before(from) && !b.After(until) {
			return true
		}
	}
	return false
}
