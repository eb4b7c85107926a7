package main

import (
	"time"

	"parley/bench/parley"
	"parley/bench/workload"
)

// figure is what is drawn in one picture: a curve for each number of CPUs and,
// where storage takes part, for each engine.
type figure struct {
	name, spec string
	grows      string // key of the sizes
	across, up string // what the axes show
	stored     bool   // on Postgres, too
	work       func(size int, d time.Duration) workload.Options
	server     func(size int, o *parley.Options)
	value      func(r workload.Result, size int) float64
}

func micros(r workload.Result, _ int) float64 { return float64(r.PerOp().Nanoseconds()) / 1e3 }

// archives is how many archives are paged through at once.
const archives = 2

var figures = []figure{
	{
		name: "chat", spec: "chat", grows: "sessions", across: "sessions, all of them talking", up: "CPU µs per message",
		work: func(n int, d time.Duration) workload.Options {
			return workload.Options{Pairs: max(n/2, 1), Duration: d, Patience: time.Minute}
		},
		server: func(_ int, o *parley.Options) { o.Archive = "never" },
		value:  micros,
	},
	{
		name: "memory", spec: "idle", grows: "sessions", across: "idle sessions", up: "resident kB per session",
		work: func(n int, d time.Duration) workload.Options {
			return workload.Options{Users: n, Duration: d}
		},
		value: func(r workload.Result, _ int) float64 { return float64(r.Memory.RSSPerSession) / 1000 },
	},
	{
		name: "login", spec: "login", grows: "accounts", across: "accounts", up: "CPU µs per login (SCRAM-SHA-1)", stored: true,
		work: func(n int, d time.Duration) workload.Options {
			return workload.Options{Users: min(n, 500), Duration: d}
		},
		server: func(n int, o *parley.Options) { o.Accounts = n },
		value:  micros,
	},
	{
		name: "presence", spec: "presence", grows: "contacts", across: "contacts who are told", up: "CPU µs per notification",
		work: func(n int, d time.Duration) workload.Options {
			return workload.Options{Users: n, Duration: d, Patience: time.Minute}
		},
		value: micros,
	},
	{
		name: "roster", spec: "roster", grows: "contacts", across: "contacts in a roster", up: "CPU µs per contact fetched", stored: true,
		work: func(n int, d time.Duration) workload.Options {
			return workload.Options{Users: 4, Items: n, Duration: d}
		},
		value: func(r workload.Result, n int) float64 { return micros(r, n) / float64(n) },
	},
	{
		name: "paging", spec: "paging", grows: "rows", across: "messages in an archive", up: "CPU µs per page of 50", stored: true,
		work: func(n int, d time.Duration) workload.Options {
			return workload.Options{Pairs: archives, Rows: n, Duration: d}
		},
		server: func(n int, o *parley.Options) { o.Archives, o.Rows = archives, n },
		value:  micros,
	},
	{
		name: "storing", spec: "archive", grows: "rows", across: "messages in each of two archives before", up: "CPU µs per message stored", stored: true,
		work: func(_ int, d time.Duration) workload.Options {
			return workload.Options{Pairs: 50, Duration: d}
		},
		server: func(n int, o *parley.Options) { o.Archives, o.Rows = archives, n },
		value:  micros,
	},
}
