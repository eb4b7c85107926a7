package main

import (
	"time"

	"parley/bench/client"
	"parley/bench/workload"
)

// stage is how servers are set up for some lines of the table.
type stage struct {
	name     string
	postgres bool // or the server's own store
	archive  bool
	lines    []line
}

// line is a workload that is measured on each server; it makes some rows.
type line struct {
	name string
	spec string
	tcp  bool
	mech client.Mechanism
	work func(options) workload.Options
	rows []row
	skip []string // servers that cannot do it
}

// row is a row of the table.
type row struct {
	title, goal string
	value       func(workload.Result) float64
	more        bool // is better
	digits      int  // after the point
}

func micros(r workload.Result) float64 { return float64(r.PerOp().Nanoseconds()) / 1e3 }
func millis(r workload.Result) float64 { return micros(r) / 1e3 }
func speed(r workload.Result) float64  { return float64(r.Ops) / r.Seconds }

func latency(f func(*workload.Quantiles) float64) func(workload.Result) float64 {
	return func(r workload.Result) float64 {
		if r.Latency == nil {
			return 0
		}
		return f(r.Latency)
	}
}

func memory(f func(*workload.MemoryResult) int64) func(workload.Result) float64 {
	return func(r workload.Result) float64 {
		if r.Memory == nil {
			return 0
		}
		return float64(f(r.Memory)) / 1000
	}
}

// notXMPP are the targets that only relay messages.
var notXMPP = []string{"floor"}

// noTokens are servers without XEP-0484.
var noTokens = []string{"floor", "prosody", "ejabberd"}

// plain: nothing is archived, no stream management, the server's own store.
var plain = stage{name: "plain", lines: []line{
	{
		name: "login-scram", spec: "login", work: logins, skip: notXMPP,
		rows: []row{{title: "login, SCRAM-SHA-1: CPU ms each", goal: "≤ 0.35", value: millis, digits: 2}},
	},
	{
		name: "login-plain", spec: "login", mech: client.Plain, work: logins, skip: notXMPP,
		rows: []row{{title: "login, PLAIN: CPU ms each", value: millis, digits: 2}},
	},
	{
		name: "login-token", spec: "login", mech: client.Token, work: logins, skip: noTokens,
		rows: []row{{title: "login, SASL2 with a token: CPU ms each", value: millis, digits: 2}},
	},
	{
		name: "chat", spec: "chat", work: talking,
		rows: []row{{title: "chat, closed loop: CPU µs per message", goal: "≤ 12", value: micros, digits: 1}},
	},
	{
		name: "rate", spec: "rate", work: talking,
		rows: []row{
			{title: "chat at 2,000/s: p50 ms", value: latency(func(q *workload.Quantiles) float64 { return q.P50 }), digits: 2},
			{title: "chat at 2,000/s: p99 ms", goal: "≤ 1.1", value: latency(func(q *workload.Quantiles) float64 { return q.P99 }), digits: 2},
			{title: "chat at 2,000/s: p99.9 ms", goal: "≤ 4", value: latency(func(q *workload.Quantiles) float64 { return q.P999 }), digits: 2},
			{title: "chat at 2,000/s: CPU µs per message", value: micros, digits: 1},
		},
	},
	{
		name: "presence", spec: "presence", skip: notXMPP,
		work: func(o options) workload.Options { return workload.Options{Users: 100, Duration: o.duration} },
		rows: []row{{title: "presence fan-out: CPU µs per notification", goal: "≤ 5", value: micros, digits: 1}},
	},
	{
		name: "offline", spec: "offline", skip: notXMPP,
		work: func(o options) workload.Options { return workload.Options{Pairs: 20, Batch: 50, Duration: o.duration} },
		rows: []row{{title: "offline store and fetch: CPU µs per message", goal: "≤ 60, durable", value: micros, digits: 1}},
	},
	{
		name: "roster", spec: "roster", skip: notXMPP,
		work: func(o options) workload.Options {
			return workload.Options{Users: 10, Items: 200, First: 300, Duration: o.duration}
		},
		rows: []row{{title: "roster of 200: CPU µs per fetch", goal: "≤ 60", value: micros, digits: 1}},
	},
	{
		name: "tcp-chat", spec: "chat", tcp: true, work: talking, skip: notXMPP,
		rows: []row{{title: "TCP chat: CPU µs per message", goal: "≤ 12", value: micros, digits: 1}},
	},
}}

// silent is a stage of its own: memory is read, and the server just started.
var silent = stage{name: "idle", lines: []line{{
	name: "idle", spec: "idle",
	work: func(o options) workload.Options {
		return workload.Options{Users: o.sessions, Settle: o.settle, Duration: o.duration}
	},
	rows: []row{
		{title: "idle session: RSS kB", goal: "≤ 10", value: memory(func(m *workload.MemoryResult) int64 { return m.RSSPerSession }), digits: 1},
		{title: "idle session: PSS kB", value: memory(func(m *workload.MemoryResult) int64 { return m.PSSPerSession }), digits: 1},
		{title: "idle session: CPU µs per second", value: micros, digits: 1},
	},
}}}

var kept = stage{name: "archive", archive: true, lines: []line{{
	name: "archive-own", spec: "archive", work: storing, skip: notXMPP, rows: []row{
		{title: "archive in own store: messages/s", value: speed, more: true},
		{title: "archive in own store: CPU µs per message", value: micros, digits: 1},
	},
}}}

var onPostgres = stage{name: "postgres", archive: true, postgres: true, lines: []line{
	{
		name: "archive", spec: "archive", work: storing, skip: notXMPP, rows: []row{
			{title: "archive on Postgres, fsync on: messages/s", goal: "≥ 15,000", value: speed, more: true},
			{title: "archive on Postgres: CPU µs per message", goal: "≤ 80", value: micros, digits: 1},
		},
	},
	{
		name: "paging", spec: "paging", skip: notXMPP,
		work: func(o options) workload.Options {
			return workload.Options{Pairs: 5, Rows: 500, First: 300, Duration: o.duration, Patience: slow}
		},
		rows: []row{{title: "archive on Postgres: CPU µs per page of 50", value: micros}},
	},
	{
		name: "offline-postgres", spec: "offline", skip: notXMPP,
		work: func(o options) workload.Options {
			return workload.Options{Pairs: 20, Batch: 50, First: 400, Duration: max(o.duration, 4*time.Second), Patience: slow}
		},
		rows: []row{{title: "offline and archive on Postgres: CPU µs per message", value: micros, digits: 1}},
	},
}}

var stages = []stage{plain, silent, kept, onPostgres}

// slow is how long a server that stores may take for a message.
const slow = time.Minute

func logins(o options) workload.Options {
	return workload.Options{Users: o.users, Duration: o.duration}
}

func talking(o options) workload.Options {
	return workload.Options{Pairs: 50, Duration: o.duration}
}

func storing(o options) workload.Options {
	return workload.Options{Pairs: 100, Batch: 5, Duration: max(o.duration, 4*time.Second), Patience: slow}
}

// accounts is how many users the stage needs, of all its lines.
func (s stage) accounts(o options) int {
	n := 0
	for _, l := range s.lines {
		spec, _ := workload.Find(l.spec)
		w := l.work(o).Or(spec.Defaults)
		n = max(n, w.First+spec.Users(w))
	}
	return n
}
