package campaign

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func names(cfg Config, seed uint64) (out []string) {
	for _, f := range schedule(cfg, rand.New(rand.NewPCG(seed, 0))) {
		out = append(out, f.Name())
	}
	return out
}

func count(all []string, kinds ...string) (n int) {
	for _, name := range all {
		if slices.Contains(kinds, name) {
			n++
		}
	}
	return n
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	cfg := Default()
	cfg.Store, cfg.Kills = "postgres", 180
	first := names(cfg, 1)
	if !slices.Equal(first, names(cfg, 1)) {
		t.Error("the same seed makes another schedule")
	}
	if slices.Equal(first, names(cfg, 2)) {
		t.Error("another seed makes the same schedule")
	}
	if want := cfg.Kills + cfg.Restarts + cfg.Database + cfg.Clients + cfg.Clock; len(first) != want {
		t.Errorf("%d faults, want %d", len(first), want)
	}
	for name, want := range map[string]int{
		"SIGKILL at random": 40, "SIGKILL before commit": 20, "SIGKILL after commit": 20, "SIGKILL before ack": 20, "SIGKILL after ack": 20,
		"SIGKILL, recipients disconnected": 20, "SIGKILL, recipients logged out": 20, "SIGKILL, Postgres stopped (immediate)": 20, "restart in order (SIGTERM)": 20,
		"Postgres stopped (immediate), long": 1, "Postgres frozen (SIGSTOP), long": 1, "clock steps": 10, "slow readers": 25,
	} {
		if got := count(first, name); got != want {
			t.Errorf("%s: %d times, want %d", name, got, want)
		}
	}
}

// What strikes last finds a server that is not killed any more.
func TestScheduleEndsWithoutKills(t *testing.T) {
	t.Parallel()
	cfg := Default()
	others := cfg.Database + cfg.Clients + cfg.Clock
	for _, f := range schedule(cfg, rand.New(rand.NewPCG(3, 0)))[cfg.Kills+cfg.Restarts+others-others/10:] {
		if _, restart := f.(orderly); restart || kindOf(f) == kindKill {
			t.Errorf("%s at the end", f.Name())
		}
	}
}

func TestScheduleOfPart(t *testing.T) {
	t.Parallel()
	cfg := Default()
	cfg.Kills, cfg.Restarts, cfg.Clients, cfg.Clock, cfg.Long, cfg.Database = 4, 0, 0, 3, 0, 4
	cfg.SmallDisk = 1
	if got := names(cfg, 1); count(got, "disk full") != 2 || count(got, "SQLite file locked") != 2 || count(got, "clock steps") != 3 {
		t.Errorf("files, small disk: %q", got)
	}
	cfg.Basic, cfg.SmallDisk = true, 0
	if got := names(cfg, 1); len(got) != 4 || count(got, "SIGKILL at random") != 2 {
		t.Errorf("basic, files: %q", got)
	}
	cfg.Store = "postgres"
	if got := names(cfg, 1); len(got) != 8 || count(got, "Postgres stopped (immediate)") != 4 {
		t.Errorf("basic, Postgres: %q", got)
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	var d Times
	for i := range 200 {
		d.add(time.Duration(200-i) * time.Millisecond)
	}
	d.add(0) // nothing was measured
	if d.N != 200 || d.P50 != 100*time.Millisecond || d.P99 != 198*time.Millisecond || d.Max != 200*time.Millisecond {
		t.Errorf("%d: p50 %v, p99 %v, max %v", d.N, d.P50, d.P99, d.Max)
	}
	var one Times
	one.add(time.Second)
	if one.P50 != time.Second || one.P99 != time.Second {
		t.Errorf("of one: %+v", one)
	}
}
