package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/test/faults/campaign"
	"parley/test/faults/target"
)

func TestMain(m *testing.M) {
	if code, done := inOwnMounts(); done {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}

// short is the campaign that every test run leads: each kind of fault strikes.
func short(store string) campaign.Config {
	cfg := campaign.Default()
	cfg.Store, cfg.Users, cfg.Window = store, 8, 8
	cfg.Kills, cfg.Restarts, cfg.Database, cfg.Clients, cfg.Clock, cfg.Messages = 9, 1, 4, 4, 2, 1000
	cfg.Outage, cfg.Long = 500*time.Millisecond, 0
	cfg.SmallDisk = 256 << 20
	return cfg
}

// What the server acknowledges survives it: no message is lost, doubled or put
// out of order by any of the faults, on either engine.
func TestShortCampaign(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "parley")
	if err := target.Build(t.Context(), binary, true); err != nil {
		t.Fatal(err)
	}
	for _, store := range []string{"files", "postgres"} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			cfg := short(store)
			cfg.Logf, cfg.Binary = t.Logf, binary
			lead(t, cfg)
		})
	}
}

func lead(t *testing.T, cfg campaign.Config) {
	t.Helper()
	var err error
	if cfg.Dir, err = campaign.NewDir(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			_ = os.RemoveAll(cfg.Dir)
		}
	})
	report, err := campaign.Run(t.Context(), cfg)
	if err != nil {
		t.Fatalf("%v; files are in %s", err, cfg.Dir)
	}
	var text strings.Builder
	if err := report.Text(&text); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", &text)
	if !report.OK() {
		t.Error("the server broke its promise")
	}
	if report.Result.Acked < cfg.Messages {
		t.Errorf("%d messages are acknowledged, want %d", report.Result.Acked, cfg.Messages)
	}
	if report.Last.Goroutines > report.First.Goroutines+5 || report.Last.Descriptors > report.First.Descriptors+20 {
		t.Errorf("at rest the server held %+v before and %+v after", report.First, report.Last)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	cfg, json, err := parse(strings.Fields("-store postgres -seed 9 -kills 3 -disk 1000 -json out.json -bound 5s"))
	if err != nil || cfg.Store != "postgres" || cfg.Seed != 9 || cfg.Kills != 3 || cfg.SmallDisk != 1000 || cfg.Bound != 5*time.Second || json != "out.json" {
		t.Errorf("%+v, %q, %v", cfg, json, err)
	}
	if _, _, err := parse([]string{"-kils", "3"}); err == nil {
		t.Error("a flag that does not exist is accepted")
	}
}

func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]string{
		"no such server": "-target nobody",
		"no such store":  "-store paper",
		"one user":       "-users 1",
		"not for others": "-target prosody",
	} {
		if _, _, err := parse(strings.Fields(args)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
