package campaign

import (
	"errors"
	"fmt"
	"os"
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
	Restarts int // in order
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
	Binary    string // a Parley that was built with its failpoints; empty: it is built
	Dir       string // for all files, from NewDir
	Logf      func(format string, args ...any)
}

// Default returns the long form for a store.
func Default() Config {
	return Config{
		Target: "parley", Store: "files", Seed: 1, Users: 50, Window: 16,
		Kills: 200, Restarts: 20, Database: 50, Clients: 100, Clock: 10, Messages: 500_000,
		Outage: 3 * time.Second, LongOutage: 75 * time.Second, Long: 2, Bound: 45 * time.Second, Patience: 60 * time.Second,
		Logf: func(string, ...any) {},
	}
}

var errConfig = errors.New("campaign: bad configuration")

// Check refuses what cannot be done.
func (c Config) Check() error {
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

// NewDir makes a folder for a campaign. Postgres, which may run as another user,
// must be able to enter it.
func NewDir() (string, error) {
	dir, err := os.MkdirTemp("", "parley-faults-")
	if err == nil {
		err = os.Chmod(dir, 0o755) //nolint:gosec // see above
	}
	if err != nil {
		return "", fmt.Errorf("campaign: %w", err)
	}
	return dir, nil
}
