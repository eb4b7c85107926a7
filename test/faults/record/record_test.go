package record_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"parley/test/faults/record"
)

func TestCounts(t *testing.T) {
	t.Parallel()
	l, now := record.New(0), time.Now()
	for range 4 {
		l.Next(1, now)
	}
	l.Ack(0, now)
	l.Ack(0, now) // again
	l.Error(1, now, "no room")
	l.Ack(1, now)
	l.Error(2, now, "no room")
	l.Error(9, now, "never sent")
	if sent, acked, settled := l.Counts(); sent != 4 || acked != 2 || settled != 3 {
		t.Errorf("sent %d, acknowledged %d, settled %d; want 4, 2, 3", sent, acked, settled)
	}
	v := l.View()
	for n, want := range []bool{true, false, false, false} {
		if got := v.Sent[n].Accepted(); got != want {
			t.Errorf("message %d: accepted %v", n, got)
		}
	}
}

func TestDump(t *testing.T) {
	t.Parallel()
	l := record.New(3)
	l.Next(1, time.Now())
	l.Receive(record.Received{From: 1, N: 7, StanzaID: "12"})
	l.Archive(record.Archived{ID: "12", From: 1, To: 3, N: 7})
	l.Strange("something")
	path := filepath.Join(t.TempDir(), "dump")
	if err := record.Dump(path, []record.View{l.View()}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	kinds := map[string]int{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line map[string]any
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line["user"] != 3.0 {
			t.Errorf("%s is not of user 3", lines.Text())
		}
		for _, kind := range []string{"sent", "received", "archived", "strange"} {
			if line[kind] != nil {
				kinds[kind]++
			}
		}
	}
	if len(kinds) != 4 {
		t.Errorf("dumped %v, want one of each of four kinds", kinds)
	}
}
