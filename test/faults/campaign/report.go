package campaign

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"parley/test/faults/check"
)

// Report is what came out.
type Report struct {
	Target  string       `json:"target"`
	Store   string       `json:"store"`
	Seed    uint64       `json:"seed"`
	Users   int          `json:"users"`
	Faults  []Line       `json:"faults"`
	Kills   Line         `json:"kills"`   // all of them
	Outages Line         `json:"outages"` // all of the database's
	Hangs   int          `json:"hangs"`   // how often nothing was served until a restart
	First   Sample       `json:"first"`   // before any client came
	Most    Sample       `json:"most"`
	Last    Sample       `json:"last"` // when all have left
	Result  check.Result `json:"result"`
	Dump    string       `json:"dump,omitempty"`
	Seconds float64      `json:"seconds"`

	began time.Time
}

// Line sums up one kind of fault.
type Line struct {
	Name      string `json:"name"`
	N         int    `json:"n"`
	Accepting Times  `json:"accepting"`
	Served    Times  `json:"served"`

	kind kind
}

// Times are a distribution.
type Times struct {
	N   int           `json:"n"`
	P50 time.Duration `json:"p50"`
	P99 time.Duration `json:"p99"`
	Max time.Duration `json:"max"`

	all []time.Duration
}

func newReport(cfg Config) *Report {
	return &Report{Target: cfg.Target, Store: cfg.Store, Seed: cfg.Seed, Users: cfg.Users, began: time.Now()}
}

func (t *Times) add(d time.Duration) {
	if d <= 0 {
		return
	}
	t.all = append(t.all, d)
	slices.Sort(t.all)
	t.N = len(t.all)
	t.P50, t.P99, t.Max = t.all[(t.N-1)/2], t.all[(t.N*99+99)/100-1], t.all[t.N-1]
}

func (r *Report) add(f Fault, o Outcome) {
	i := slices.IndexFunc(r.Faults, func(l Line) bool { return l.Name == f.Name() })
	if i < 0 {
		i = len(r.Faults)
		r.Faults = append(r.Faults, Line{Name: f.Name(), kind: kindOf(f)})
	}
	r.Faults[i].N++
	r.Faults[i].Accepting.add(o.Accepting)
	r.Faults[i].Served.add(o.Served)
}

// sum adds up the times of some kinds of faults.
func (r *Report) sum(name string, which func(Line) bool) Line {
	all := Line{Name: name}
	for _, l := range r.Faults {
		if !which(l) {
			continue
		}
		all.N += l.N
		for _, d := range l.Accepting.all {
			all.Accepting.add(d)
		}
		for _, d := range l.Served.all {
			all.Served.add(d)
		}
	}
	return all
}

// finish sums up.
func (r *Report) finish() {
	r.Seconds = time.Since(r.began).Seconds()
	r.Kills = r.sum("all SIGKILLs", func(l Line) bool { return l.kind == kindKill })
	r.Outages = r.sum("all faults of the database", func(l Line) bool { return l.kind == kindDatabase })
}

// OK tells whether the server kept its promise.
func (r *Report) OK() bool { return r.Result.OK() && r.Hangs == 0 }

// JSON writes all of it.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// maxShown violations stand in the text.
const maxShown = 30

// Text writes tables.
func (r *Report) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	fmt.Fprintf(t, "%s on %s, seed %d, %d users, %.0f s\n\n", r.Target, r.Store, r.Seed, r.Users, r.Seconds)
	fmt.Fprintln(t, "fault\tn\taccepting p50\tp99\tmax\tserved p50\tp99\tmax")
	lines := append(slices.Clone(r.Faults), r.Kills, r.Outages)
	for _, l := range lines {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", l.Name, l.N, l.Accepting.text(), l.Served.text())
	}
	fmt.Fprintln(t, "\nat rest\tmemory MiB\tdescriptors\tgoroutines")
	for _, s := range []struct {
		name string
		Sample
	}{{"before", r.First}, {"most", r.Most}, {"after", r.Last}} {
		fmt.Fprintf(t, "%s\t%.1f\t%d\t%d\n", s.name, float64(s.Memory)/(1<<20), s.Descriptors, s.Goroutines)
	}
	v := r.Result
	fmt.Fprintf(t, "\nsent %d, acknowledged %d, refused %d (%d stored all the same), received %d, archived %d\nlost %d, duplicated %d, reordered %d; delivered under an id that was not kept, and again: %d\n",
		v.Sent, v.Acked, v.Errored, v.RefusedKept, v.Received, v.Archived, v.Lost, v.Duplicated, v.Reordered, v.Provisional)
	if r.Hangs > 0 {
		fmt.Fprintf(t, "served nothing until it was restarted:\t%d\n", r.Hangs)
	}
	for _, rule := range check.Rules {
		if n := v.Count(rule); n > 0 {
			fmt.Fprintf(t, "%s:\t%d\n", rule, n)
		}
	}
	for _, one := range v.Violations[:min(len(v.Violations), maxShown)] {
		fmt.Fprintln(t, one)
	}
	if r.Dump != "" {
		fmt.Fprintf(t, "what the clients saw: %s\n", r.Dump)
	}
	return t.Flush()
}

func (t Times) text() string {
	if t.N == 0 {
		return "\t\t"
	}
	return fmt.Sprintf("%.3f\t%.3f\t%.3f", t.P50.Seconds(), t.P99.Seconds(), t.Max.Seconds())
}
