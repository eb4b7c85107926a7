package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// campaign is what the workers share.
type campaign struct {
	corpus [][]byte
	save   string    // where documents go that show a difference; "" for nowhere
	docs   int64     // how many at most; 0 is any number
	until  time.Time // zero is any time

	taken, differences atomic.Int64
	stopped            atomic.Bool
}

// worker makes documents and checks them, alone on its goroutine.
type worker struct {
	*generator
	*campaign
	judge *judge
	cuts  int64 // how often a stream was split
}

func (c *campaign) worker(seed uint64, n int) *worker {
	return &worker{generator: newGenerator(seed, uint64(n)), campaign: c, judge: newJudge()} // #nosec G115 -- small
}

// more takes n documents from what is left to do.
func (c *campaign) more(n int64) bool {
	if c.stopped.Load() || !c.until.IsZero() && time.Now().After(c.until) || c.differences.Load() >= maxDifferences {
		return false
	}
	taken := c.taken.Add(n)
	if c.docs > 0 && taken > c.docs {
		c.taken.Add(-n)
		return false
	}
	return true
}

// maxDifferences is when to stop: one fault gives many.
const maxDifferences = 20

// make appends a document: half of them as the grammar has it, half changed.
func (w *worker) make(b []byte) []byte {
	if w.rarely(2) {
		return w.document(b)
	}
	return w.mutated(b, w.corpus)
}

func (c *campaign) differs(doc []byte, err error) {
	c.differences.Add(1)
	fmt.Fprintf(os.Stderr, "%q\n  %v\n", doc, err)
	if c.save == "" {
		return
	}
	name := filepath.Join(c.save, fmt.Sprintf("%x.xml", sha256.Sum256(doc))[:16])
	if err := os.WriteFile(name, doc, 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
