// Scanfuzz compares the scanner of package stanza with expat, in Python, on
// documents made at random: by a grammar that knows all of XML, and by changes
// to these and to a corpus of nasty ones. What the scanner accepts expat must
// accept, with the same names, namespaces, attributes and text; what expat
// accepts and the scanner refuses must be on the short list of judge.go. With
// -inside it checks without expat that scanning and writing is a round trip and
// that a stream gives the same elements wherever it is cut (RFC 6120 §11.1).
//
//	go run ./test/scanfuzz -minutes 20 -workers 2
//	go run ./test/scanfuzz -inside -docs 1000000
//
// The same seed and number of workers make the same documents again. It ends
// with status 1 if there was a difference.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	var (
		c       campaign
		minutes = flag.Float64("minutes", 0, "how long, 0 for as long as there are documents to do")
		workers = flag.Int("workers", 1, "how many at a time, each with an expat of its own")
		seed    = flag.Uint64("seed", 1, "of the documents")
		inside  = flag.Bool("inside", false, "check round trip and cuts instead of asking expat")
		corpus  = flag.String("corpus", "stanza/testdata/nasty,stanza/testdata/strange", "folders of documents to change")
	)
	flag.Int64Var(&c.docs, "docs", 0, "how many documents, 0 for as many as there is time for")
	flag.StringVar(&c.save, "save", "", "folder for documents that show a difference")
	flag.Parse()
	if *minutes == 0 && c.docs == 0 {
		c.docs = 1_000_000
	}
	if *minutes > 0 {
		c.until = time.Now().Add(time.Duration(*minutes * float64(time.Minute)))
	}
	c.stopOnSignal()
	if err := run(&c, *corpus, *workers, *seed, *inside); err != nil {
		fmt.Fprintln(os.Stderr, "scanfuzz:", err)
		os.Exit(1)
	}
}

// stopOnSignal makes an interrupt the end of the time: what was done is told.
func (c *campaign) stopOnSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		c.stopped.Store(true)
	}()
}

func run(c *campaign, corpus string, workers int, seed uint64, inside bool) error {
	var err error
	if c.corpus, err = loadCorpus(strings.Split(corpus, ",")); err != nil {
		return err
	}
	began := time.Now()
	total, err := c.work(workers, seed, inside)
	fmt.Printf("seed %d, %d workers, %.1f minutes: %s\n", seed, workers, time.Since(began).Minutes(), total)
	if n := c.differences.Load(); err == nil && n > 0 {
		return fmt.Errorf("%d differences", n)
	}
	return err
}

// totals are the counts of all workers.
type totals struct {
	accepted, refused, onPurpose int
	cuts                         int64
	differences                  int64
}

func (t totals) String() string {
	return fmt.Sprintf("%d documents, %d accepted, %d refused, %d refused on purpose, %d streams cut, %d differences",
		t.accepted+t.refused+t.onPurpose, t.accepted, t.refused, t.onPurpose, t.cuts, t.differences)
}

// work lets workers work until there is no more to do.
func (c *campaign) work(workers int, seed uint64, inside bool) (totals, error) {
	errs := make([]error, workers)
	all := make([]*worker, workers)
	var wg sync.WaitGroup
	for i := range workers {
		w := c.worker(seed, i)
		all[i] = w
		wg.Go(func() {
			if inside {
				errs[i] = w.inside()
			} else {
				errs[i] = w.againstExpat()
			}
		})
	}
	wg.Wait()
	return c.sum(all), firstError(errs)
}

func (c *campaign) sum(all []*worker) totals {
	t := totals{differences: c.differences.Load()}
	for _, w := range all {
		t.accepted += w.judge.accepted
		t.refused += w.judge.refused
		t.onPurpose += w.judge.onPurpose
		t.cuts += w.cuts
	}
	return t
}

func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
