package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"parley/bench/client"
	"parley/bench/workload"
	"parley/test/faults/target"
)

// comparison is a run.
type comparison struct {
	options
	dir     string
	peers   map[place]*peer
	running *peer
	records []record
}

// record is one measurement.
type record struct {
	Date    time.Time `json:"date"`
	Command string    `json:"command"`
	Target  string    `json:"target"`
	Line    string    `json:"line"`
	Round   int       `json:"round"`
	Error   string    `json:"error,omitempty"` // what the server did wrong
	Result  workload.Result
}

// lineTime bounds a measurement with all its preparations.
const lineTime = 10 * time.Minute

// measure lets all servers take their turns. What is wrong with one does not
// keep the others from being measured, but is an error in the end.
func (c *comparison) measure(ctx context.Context) error {
	var errs []error
	for round := range c.rounds {
		for _, s := range stages {
			s.lines = slices.DeleteFunc(slices.Clone(s.lines), func(l line) bool { return !c.only.MatchString(l.name) })
			for _, t := range c.targets {
				if err := c.turn(ctx, round, s, t); err != nil {
					errs = append(errs, fmt.Errorf("%s, %s: %w", t, s.name, err))
				}
				if ctx.Err() != nil {
					return errors.Join(append(errs, context.Cause(ctx))...)
				}
			}
		}
	}
	return errors.Join(errs...)
}

// turn measures a stage's lines on one server.
func (c *comparison) turn(ctx context.Context, round int, s stage, name string) error {
	kind, _, _ := strings.Cut(name, ":")
	s.lines = slices.DeleteFunc(slices.Clone(s.lines), func(l line) bool { return slices.Contains(l.skip, kind) })
	if len(s.lines) == 0 {
		return nil
	}
	p, err := c.enter(ctx, s, name)
	if err != nil {
		return err
	}
	defer func() { c.leave() }()
	var errs []error
	for _, l := range s.lines {
		r, err := c.line(ctx, p, l)
		errs = append(errs, c.note(record{Target: name, Line: l.name, Round: round, Result: r}, err))
		if err == nil {
			continue
		}
		errs = append(errs, fmt.Errorf("%s: %w", l.name, err))
		c.leave() // who knows what state it is in
		if p, err = c.enter(ctx, s, name); err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
	return errors.Join(errs...)
}

// enter starts a server with its accounts.
func (c *comparison) enter(ctx context.Context, s stage, name string) (*peer, error) {
	at := place{name, s.postgres, s.archive}
	p := c.peers[at]
	if p == nil {
		var err error
		if p, err = c.settle(ctx, at, c.accounts(at)); err != nil {
			return nil, err
		}
		c.peers[at] = p
	}
	c.running = p
	if err := p.start(ctx); err != nil {
		c.leave()
		return nil, err
	}
	if err := p.register(ctx, c.accounts(at)); err != nil {
		c.leave()
		return nil, err
	}
	return p, nil
}

// accounts is how many the place needs, over all stages that use it.
func (c *comparison) accounts(at place) int {
	n := 0
	for _, s := range stages {
		if s.postgres == at.postgres && s.archive == at.archive {
			n = max(n, s.accounts(c.options))
		}
	}
	return n
}

func (c *comparison) leave() {
	if c.running != nil {
		c.running.stop()
	}
	c.running = nil
}

// stop ends and removes everything.
func (c *comparison) stop() {
	c.leave()
	for _, p := range c.peers {
		p.remove()
	}
}

func (c *comparison) line(ctx context.Context, p *peer, l line) (r workload.Result, err error) {
	spec, _ := workload.Find(l.spec)
	addr, err := p.address(l.tcp)
	if err != nil {
		return r, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lineTime, fmt.Errorf("it is not over after %v", lineTime))
	defer cancel()
	t := workload.Target{
		Address: addr, Domain: target.Domain, Prefix: prefix, Password: password,
		Mechanism: client.ScramSHA1, Processes: p.processes(),
	}
	if l.mech != "" {
		t.Mechanism = l.mech
	}
	if p.target == "floor" {
		t.Mechanism = client.None
	}
	runtime.GC() // what the last line has left is not this one's
	return spec.Run(ctx, workload.NewEnv(t, l.work(c.options).Or(spec.Defaults)))
}

// note keeps a measurement and shows it.
func (c *comparison) note(r record, err error) error {
	r.Date, r.Command = time.Now().UTC().Truncate(time.Second), c.command
	if err != nil {
		r.Error = err.Error()
		c.say("%-16s %-10s round %d: FAILED: %v", r.Line, r.Target, r.Round+1, err)
	} else {
		c.say("%-16s %-10s round %d: %s", r.Line, r.Target, r.Round+1, short(r))
	}
	c.records = append(c.records, r)
	if c.json == "" {
		return nil
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.json, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Close())
}

func (c *comparison) say(format string, args ...any) {
	fmt.Fprintf(c.progress, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
