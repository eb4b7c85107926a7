package campaign

import (
	"errors"
	"fmt"
	"time"

	"parley/test/faults/target"
)

// Config says what to do.
type Config struct {
	Target string // of target.Kinds
	Store  string // "postgres", or "files" for the server's own
	Seed   uint64
	Users  int
	Window int // unacknowledged messages of one client

	Kills    int // SIGKILLs
	Database int // faults of the database
	Clients  int // faults of clients
	Clock    int // steps of the clock
	Messages int // to be acknowledged at least
	// Basic leaves out what needs a server of ours: failpoints, clock, a full
	// disk, a locked file.
	Basic bool

	Outage     time.Duration // a fault of the database lasts up to this
	LongOutage time.Duration // some last this long: beyond Bound
	Long       int           // how many
	Bound      time.Duration // within which a message is acknowledged or refused
	Patience   time.Duration // for what must come

	SmallDisk int64  // bytes; 0: the disk never fills
	Race      bool   // build the server with the race detector
	Dir       string // for all files; it stays when something was found
	Logf      func(format string, args ...any)
}

// Default returns the long form for a store.
func Default() Config {
	return Config{
		Target: "parley", Store: "files", Seed: 1, Users: 50, Window: 16,
		Kills: 200, Database: 50, Clients: 100, Clock: 10, Messages: 500_000,
		Outage: 3 * time.Second, LongOutage: 75 * time.Second, Long: 2, Bound: 45 * time.Second, Patience: 60 * time.Second,
		Logf: func(string, ...any) {},
	}
}

var errConfig = errors.New("campaign: bad configuration")

func (c Config) check() error {
	switch {
	case target.Kinds[c.Target] == nil:
		return fmt.Errorf("%w: no target %q", errConfig, c.Target)
	case c.Store != "files" && c.Store != "postgres":
		return fmt.Errorf("%w: store %q is neither files nor postgres", errConfig, c.Store)
	case c.Users < 2 || c.Window < 1 || c.Messages < 1:
		return fmt.Errorf("%w: at least two users, one message and a window of one", errConfig)
	case c.Target != "parley" && !c.Basic:
		return fmt.Errorf("%w: only the basic part runs against %s", errConfig, c.Target)
	}
	return nil
}
