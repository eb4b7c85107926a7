package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"parley/bench/workload"
)

// table prints a result for people.
func table(w io.Writer, r workload.Result) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	title := r.Workload + " over " + r.Transport
	if r.Mechanism != "" {
		title += ", " + r.Mechanism
	}
	fmt.Fprintf(w, "%s, %d sessions\n", title, r.Sessions)
	row("  "+r.Unit+"s", "%d in %.2f s, %.0f/s", r.Ops, r.Seconds, float64(r.Ops)/r.Seconds)
	if r.Measured {
		row("  server CPU", "%.2f s, %s per %s", r.ServerCPU, micro(r.PerOp()), r.Unit)
	} else {
		row("  server CPU", "not known: -server-pid tells whom to measure")
	}
	row("  generator CPU", "%.2f s, %s per %s", r.GeneratorCPU, micro(r.GeneratorPerOp()), r.Unit)
	quantiles := func(name string, q *workload.Quantiles) {
		if q != nil {
			row(name, "p50 %.3f  p99 %.3f  p99.9 %.3f  max %.3f ms", q.P50, q.P99, q.P999, q.Max)
		}
	}
	quantiles("  latency", r.Latency)
	quantiles("  generator late", r.Late)
	if m := r.Memory; m != nil {
		row("  memory, empty", "RSS %.1f MB, PSS %.1f MB", mega(m.EmptyRSS), mega(m.EmptyPSS))
		row("  memory, full", "RSS %.1f MB, PSS %.1f MB", mega(m.RSS), mega(m.PSS))
		row("  per session", "RSS %d, PSS %d bytes", m.RSSPerSession, m.PSSPerSession)
	}
	_ = t.Flush() // standard output: nobody is left to be told
}

func micro(d time.Duration) string { return fmt.Sprintf("%.2f µs", float64(d.Nanoseconds())/1000) }

func mega(n int64) float64 { return float64(n) / 1e6 }

// report is a result with everything needed to repeat it.
type report struct {
	Date    time.Time `json:"date"`
	Command string    `json:"command"`
	Commit  string    `json:"commit"` // of the sources, "+" behind it if they were changed
	Server  string    `json:"server"`
	Go      string    `json:"go"`
	System  string    `json:"system"`
	CPU     string    `json:"cpu"`
	CPUs    int       `json:"cpus"`
	workload.Result
	ServerMicros    float64 `json:"server_cpu_us_per_op"`
	GeneratorMicros float64 `json:"generator_cpu_us_per_op"`
	Rate            float64 `json:"ops_per_second"`
}

// record appends the result to the file that was asked for.
func (o *options) record(ctx context.Context, args []string, r workload.Result, stdout io.Writer) error {
	if o.json == "" {
		return nil
	}
	server := o.addr
	if o.spawn {
		server = "parley on sqlite"
		if o.postgres != "" {
			server = "parley on postgres"
		}
	}
	b, err := json.Marshal(report{
		Date: time.Now().UTC().Truncate(time.Second), Command: "load " + strings.Join(redacted(args), " "),
		Commit: commit(ctx), Server: server, Go: runtime.Version(),
		System: runtime.GOOS + "/" + runtime.GOARCH + " " + kernel(), CPU: cpuModel(), CPUs: runtime.NumCPU(),
		Result: r, ServerMicros: float64(r.PerOp().Nanoseconds()) / 1000,
		GeneratorMicros: float64(r.GeneratorPerOp().Nanoseconds()) / 1000, Rate: float64(r.Ops) / r.Seconds,
	})
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if o.json == "-" {
		_, err = stdout.Write(b)
		return err
	}
	f, err := os.OpenFile(o.json, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// redacted hides the database URL, which may hold a password.
func redacted(args []string) []string {
	out := append([]string(nil), args...)
	for i, a := range out {
		name := strings.TrimLeft(a, "-")
		switch {
		case strings.HasPrefix(name, "postgres="):
			out[i] = "-postgres=…"
		case name == "postgres" && i+1 < len(out):
			out[i+1] = "…"
		}
	}
	return out
}

func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return ""
	}
	id := strings.TrimSpace(string(out))
	if changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--untracked-files=no").Output(); err == nil && len(changed) > 0 {
		id += "+"
	}
	return id
}

func kernel() string {
	b, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(b))
}

func cpuModel() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
