package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"
)

// limit is |t| from which on known and unknown names are told apart: with as many
// tries chance exceeds it once in a hundred thousand tests.
const limit = 4.5

// step is one wait for the server within a try.
type step struct {
	name           string
	known, unknown []float64 // microseconds
}

// measure tries all mechanisms, and prints a line for each wait.
func measure(out io.Writer, addr string, mechanisms []string, tries int) (leaks bool, err error) {
	fmt.Fprintf(out, "%-26s %10s %10s %8s %8s\n", "", "known µs", "unknown µs", "t", "t of 90%")
	for _, mechanism := range mechanisms {
		steps, err := try(addr, mechanism, tries)
		if err != nil {
			return leaks, fmt.Errorf("%s: %w", mechanism, err)
		}
		for _, s := range steps {
			all, most := welch(s.known, s.unknown), welch(crop(s.known, s.unknown))
			fmt.Fprintf(out, "%-26s %10.2f %10.2f %8.2f %8.2f\n", mechanism+" "+s.name, mean(s.known), mean(s.unknown), all, most)
			leaks = leaks || max(all, -all, most, -most) >= limit
		}
	}
	return leaks, nil
}

// try interleaves known and unknown names: which comes first in a pair is chance.
func try(addr, mechanism string, tries int) ([]step, error) {
	c, err := dial(addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var steps []step
	for i := -tries / 20; i < tries; i++ { // the first ones warm up
		order := []bool{true, false}
		rand.Shuffle(2, func(a, b int) { order[a], order[b] = order[b], order[a] })
		for _, known := range order {
			times, err := c.refused(mechanism, name(known))
			if err != nil {
				return nil, err
			}
			if i >= 0 {
				steps = book(steps, known, times)
			}
		}
	}
	return steps, nil
}

func name(known bool) string {
	kind := "ghost"
	if known {
		kind = "known"
	}
	return fmt.Sprintf("%s%03d", kind, rand.IntN(names))
}

func book(steps []step, known bool, times []time.Duration) []step {
	for i, d := range times {
		if i == len(steps) {
			steps = append(steps, step{name: []string{"first answer", "second answer"}[i]})
		}
		us := float64(d.Nanoseconds()) / 1000
		if known {
			steps[i].known = append(steps[i].known, us)
		} else {
			steps[i].unknown = append(steps[i].unknown, us)
		}
	}
	return steps
}

// crop leaves out what is slower than nine tenths of all, of both kinds.
func crop(a, b []float64) (x, y []float64) {
	all := slices.Sorted(slices.Values(slices.Concat(a, b)))
	most := all[(len(all)-1)*9/10]
	slow := func(v float64) bool { return v > most }
	return slices.DeleteFunc(slices.Clone(a), slow), slices.DeleteFunc(slices.Clone(b), slow)
}
