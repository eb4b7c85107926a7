// Command peers prints the reports of fault campaigns as one table: a folder of
// JSON files, as compare.sh leaves them.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"parley/test/faults/campaign"
	"parley/test/faults/check"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: peers <folder>")
		os.Exit(2)
	}
	if err := table(os.Stdout, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const head = `| server, store | SIGKILLs, database stops | acknowledged | never delivered | missing in an archive | doubled | out of order | hangs | accepting again, p50 and p99 | acknowledging again, p50 and p99 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
`

func table(w io.Writer, dir string) error {
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	for _, target := range []string{"parley", "prosody", "ejabberd"} {
		for _, store := range []string{"files", "postgres"} {
			text, err := os.ReadFile(filepath.Join(dir, target+"-"+store+".json"))
			if err != nil {
				return fmt.Errorf("peers: %w", err)
			}
			var r campaign.Report
			if err := json.Unmarshal(text, &r); err != nil {
				return fmt.Errorf("peers: %s on %s: %w", target, store, err)
			}
			if _, err := io.WriteString(w, row(&r)); err != nil {
				return err
			}
		}
	}
	return nil
}

func row(r *campaign.Report) string {
	v := r.Result
	missing := v.Messages(check.NotInSenders, check.NotInRecipients)
	kills := fmt.Sprint(r.Kills.N)
	if r.Store == "postgres" {
		kills += fmt.Sprintf(", %d", r.Outages.N)
	}
	return fmt.Sprintf("| %s, %s | %s | %d | %d | %d | %d | %d | %d | %s | %s |\n", r.Target, r.Store, kills, v.Acked,
		v.Messages(check.NotDelivered), missing, v.Duplicated, v.Reordered, r.Hangs, seconds(r.Kills.Accepting), seconds(r.Kills.Served))
}

func seconds(t campaign.Times) string {
	return fmt.Sprintf("%.2f s, %.2f s", t.P50.Round(time.Millisecond).Seconds(), t.P99.Seconds())
}
