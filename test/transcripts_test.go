package test

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"parley/internal/pgtest"
	"parley/internal/xmpptest"
)

var update = flag.Bool("update", false, "write the answers of the server into the transcripts that differ")

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }

// TestTranscripts plays every conversation over each transport, on each
// database.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("transcripts/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for name, postgres := range map[string]bool{"sqlite": false, "postgres": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := xmpptest.NewPool(t, xmpptest.Options{Postgres: postgres})
			for _, file := range files {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
					if !*update { // which writes to the files
						t.Parallel()
					}
					playAll(t, file, pool)
				})
			}
		})
	}
}

func playAll(t *testing.T, file string, pool *xmpptest.Pool) {
	tr, err := xmpptest.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, transport := range tr.Transports() {
		t.Run(string(transport), func(t *testing.T) {
			tr.Run(t, pool, transport, *update)
		})
	}
}
