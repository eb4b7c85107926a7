package campaign

import (
	"context"
	"time"
)

// Outcome is what a fault cost.
type Outcome struct {
	Accepting time.Duration // from SIGKILL until connections are accepted; 0: nothing was killed
	Served    time.Duration // from the kill, or from the end of the fault, until something is acknowledged
}

// Fault is one kind of it. Strike returns when the service is back.
type Fault interface {
	Name() string
	Strike(ctx context.Context, c *Campaign) (Outcome, error)
}

// kind is what a fault strikes.
type kind int

const (
	kindOther kind = iota
	kindKill
	kindDatabase
)

func kindOf(f Fault) kind {
	switch f.(type) {
	case kill, killAt, killWithout, killInOutage:
		return kindKill
	case outage:
		return kindDatabase
	}
	return kindOther
}
