package workload

import (
	"context"
	"time"

	"parley/bench/client"
	"parley/bench/wire"
)

// Spec is a workload that can be asked for by name.
type Spec struct {
	Name, Doc string
	Defaults  Options
	// Users is how many accounts a run needs.
	Users func(Options) int
	// Connections is how many are open at once.
	Connections func(Options) int
	Run         func(context.Context, *Env) (Result, error)
}

// All are the workloads.
var All = []Spec{login, idle, chat, rate, presence, room, roster, offline, archive, paging, storm}

// Find returns the named workload.
func Find(name string) (Spec, bool) {
	for _, s := range All {
		if s.Name == name {
			return s, true
		}
	}
	return Spec{}, false
}

// Target is the server under load and whom it knows: users named Prefix and a
// number from 0, all with one password.
type Target struct {
	Address   wire.Address
	Domain    string
	Prefix    string
	Password  string
	Mechanism client.Mechanism
	// Processes whose cost is measured, with all below them. None: only what
	// the generator sees is reported.
	Processes []int
}

// Options say how much of it. A zero is replaced by the workload's default.
type Options struct {
	Users    int           // accounts to use; presence: contacts
	Pairs    int           // of users who chat
	Count    int           // operations; 0: as many as Duration allows
	Duration time.Duration // of the measured part
	Warmup   time.Duration // of the same before it is measured
	Rate     int           // messages per second
	Size     int           // bytes of a message's text
	FullJID  bool          // write to full JIDs, not to bare ones
	Batch    int           // offline: messages in an absence; archive: in an acknowledgement; paging: rows of a page
	Items    int           // of a roster
	Rows     int           // of an archive
	First    int           // number of the first account to use
	Parallel int           // logins under way at once
	Settle   time.Duration // before memory is read
	Patience time.Duration // without a delivery that is due, then it is lost
}

// Bounds of a run.
const (
	MaxUsers    = 100_000
	MaxCount    = 100_000_000
	MaxRate     = 200_000
	MaxDuration = time.Hour
	MaxBatch    = 1000
	MaxItems    = 10_000
	MaxRows     = 10_000_000
)

// Or fills the zeros of o from d.
func (o Options) Or(d Options) Options {
	number := func(p *int, n int) {
		if *p == 0 {
			*p = n
		}
	}
	length := func(p *time.Duration, d time.Duration) {
		if *p == 0 {
			*p = d
		}
	}
	number(&o.Users, d.Users)
	number(&o.Pairs, d.Pairs)
	number(&o.Rate, d.Rate)
	number(&o.Size, d.Size)
	number(&o.Parallel, d.Parallel)
	number(&o.Batch, d.Batch)
	number(&o.Items, d.Items)
	number(&o.Rows, d.Rows)
	if o.Duration == 0 {
		number(&o.Count, d.Count)
	}
	length(&o.Duration, d.Duration)
	length(&o.Warmup, d.Warmup)
	length(&o.Settle, d.Settle)
	length(&o.Patience, d.Patience)
	return o
}

// common are the defaults that all workloads share.
var common = Options{Parallel: 16, Size: 60, Warmup: time.Second, Settle: 3 * time.Second, Patience: 10 * time.Second}
