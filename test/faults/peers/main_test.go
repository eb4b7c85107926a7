package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/test/faults/campaign"
	"parley/test/faults/check"
)

func write(t *testing.T, dir string, r campaign.Report) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, r.Target+"-"+r.Store+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := r.JSON(f); err != nil {
		t.Fatal(err)
	}
}

// The table is made of what campaigns have written.
func TestTable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var none strings.Builder
	if err := table(&none, dir); err == nil {
		t.Error("a table without reports")
	}
	for _, target := range []string{"parley", "prosody", "ejabberd"} {
		for _, store := range []string{"files", "postgres"} {
			write(t, dir, campaign.Report{Target: target, Store: store})
		}
	}
	times := campaign.Times{N: 3, P50: 120 * time.Millisecond, P99: 1500 * time.Millisecond}
	write(t, dir, campaign.Report{
		Target: "prosody", Store: "postgres", Hangs: 2,
		Kills:   campaign.Line{N: 30, Accepting: times, Served: times},
		Outages: campaign.Line{N: 10},
		Result: check.Result{Acked: 500, Duplicated: 4, Reordered: 5, Violations: []check.Violation{
			{Rule: check.NotDelivered, N: 1}, {Rule: check.NotInSenders, N: 2}, {Rule: check.NotInRecipients, N: 2}, {Rule: check.NotInRecipients, N: 3},
		}},
	})
	var out strings.Builder
	if err := table(&out, dir); err != nil {
		t.Fatal(err)
	}
	want := "| prosody, postgres | 30, 10 | 500 | 1 | 2 | 4 | 5 | 2 | 0.12 s, 1.50 s | 0.12 s, 1.50 s |\n"
	if lines := strings.Count(out.String(), "\n"); lines != 8 || !strings.Contains(out.String(), want) {
		t.Errorf("%d lines:\n%s\nwant 8 and\n%s", lines, out.String(), want)
	}
}
