package workload

import (
	"time"

	"parley/bench/proc"
)

// Result is what a run found out.
type Result struct {
	Workload  string  `json:"workload"`
	Transport string  `json:"transport"`
	Mechanism string  `json:"mechanism,omitempty"`
	Sessions  int     `json:"sessions"`
	Ops       int64   `json:"ops"`
	Unit      string  `json:"unit"` // what one op is
	Seconds   float64 `json:"seconds"`

	Measured     bool    `json:"server_measured"` // whether the server's processes were known
	ServerCPU    float64 `json:"server_cpu_seconds"`
	GeneratorCPU float64 `json:"generator_cpu_seconds"`

	Latency *Quantiles `json:"latency_ms,omitempty"`
	// Late is by how much the generator itself missed its schedule.
	Late   *Quantiles    `json:"generator_late_ms,omitempty"`
	Memory *MemoryResult `json:"memory,omitempty"`
}

// MemoryResult compares the server's memory without sessions and with them.
type MemoryResult struct {
	EmptyRSS      int64 `json:"empty_rss_bytes"`
	EmptyPSS      int64 `json:"empty_pss_bytes"`
	RSS           int64 `json:"rss_bytes"`
	PSS           int64 `json:"pss_bytes"`
	RSSPerSession int64 `json:"rss_bytes_per_session"`
	PSSPerSession int64 `json:"pss_bytes_per_session"`
}

// PerOp is the server's CPU time per operation.
func (r Result) PerOp() time.Duration { return perOp(r.ServerCPU, r.Ops) }

// GeneratorPerOp is the generator's.
func (r Result) GeneratorPerOp() time.Duration { return perOp(r.GeneratorCPU, r.Ops) }

func perOp(seconds float64, ops int64) time.Duration {
	if ops == 0 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second) / float64(ops))
}

// meter measures a part of a run.
type meter struct {
	env         *Env
	start       time.Time
	server, own proc.Usage
}

func (e *Env) measure() (*meter, error) {
	m := &meter{env: e}
	var err error
	if m.server, m.own, err = e.usage(); err != nil {
		return nil, err
	}
	m.start = time.Now()
	return m, nil
}

func (e *Env) usage() (server, own proc.Usage, err error) {
	if len(e.Processes) > 0 {
		if server, err = proc.CPU(e.Processes); err != nil {
			return server, own, err
		}
	}
	own, err = proc.Own()
	return server, own, err
}

// into ends the measurement.
func (m *meter) into(r *Result) error {
	wall := time.Since(m.start)
	server, own, err := m.env.usage()
	if err != nil {
		return err
	}
	r.Seconds = wall.Seconds()
	r.Measured = len(m.env.Processes) > 0
	r.ServerCPU = (server.CPU - m.server.CPU).Seconds()
	r.GeneratorCPU = (own.CPU - m.own.CPU).Seconds()
	return nil
}

// result begins a Result of this run.
func (e *Env) result(workload, unit string, sessions int) Result {
	r := Result{Workload: workload, Transport: "tcp", Unit: unit, Sessions: sessions}
	if e.Address.IsWebSocket() {
		r.Transport = "ws"
	}
	return r
}
