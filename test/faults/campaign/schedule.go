package campaign

import (
	"math/rand/v2"
	"time"

	"parley/internal/failpoint"
)

// schedule makes the list of faults: the same for the same seed. The last tenth
// of the database's and the clients' faults strikes a server that is not killed
// any more, so that what leaks shows.
func schedule(cfg Config, r *rand.Rand) []Fault {
	others := append(databaseFaults(cfg), repeat(cfg.Clients, clientFaults())...)
	others = append(others, clockFaults(cfg, r)...)
	shuffle(r, others)
	tail := len(others) / 10
	first := append(repeat(cfg.Kills, kills(cfg)), others[tail:]...)
	first = append(first, repeat(cfg.Restarts, []Fault{orderly{}})...)
	shuffle(r, first)
	return append(first, others[:tail]...)
}

func shuffle(r *rand.Rand, f []Fault) {
	r.Shuffle(len(f), func(i, j int) { f[i], f[j] = f[j], f[i] })
}

// repeat takes n in turn.
func repeat(n int, kinds []Fault) (out []Fault) {
	for i := range n {
		if len(kinds) > 0 {
			out = append(out, kinds[i%len(kinds)])
		}
	}
	return out
}

// kills: as many at random as at all the failpoints.
func kills(cfg Config) []Fault {
	out := []Fault{kill{}, killDisconnected(), kill{}, killLoggedOut()}
	if cfg.Basic {
		return out
	}
	for _, p := range failpoint.Points() {
		out = append(out, killAt{p})
	}
	return append(out, killInOutage{outages(cfg)[0]})
}

// outages are the ways in which the store can be away.
func outages(cfg Config) []outage {
	if cfg.Store == "postgres" {
		return postgresFaults()
	}
	return sqliteFaults()
}

func databaseFaults(cfg Config) []Fault {
	kinds := outages(cfg)
	switch {
	case cfg.Basic && cfg.Store == "postgres":
		kinds = kinds[:1] // stop and start
	case cfg.Basic:
		kinds = nil
	}
	if cfg.SmallDisk > 0 {
		kinds = append(kinds, diskFull())
	}
	var out []Fault
	for i := range cfg.Database {
		if len(kinds) == 0 {
			break
		}
		f := kinds[i%len(kinds)]
		if i < cfg.Long && !f.leaky {
			f.long, f.name = true, f.name+", long"
		}
		out = append(out, f)
	}
	return out
}

func clockFaults(cfg Config, r *rand.Rand) (out []Fault) {
	if cfg.Basic {
		return nil
	}
	steps := []time.Duration{-time.Hour, time.Hour, -10 * time.Second, 10 * time.Second}
	for range cfg.Clock {
		out = append(out, clockStep{steps[r.IntN(len(steps))]})
	}
	return out
}
