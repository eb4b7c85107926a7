package campaign

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Sample is what the server's process holds.
type Sample struct {
	Memory      int64 `json:"memory"` // resident bytes
	Descriptors int   `json:"descriptors"`
	Goroutines  int   `json:"goroutines,omitempty"` // 0: it has none
}

func (c *Campaign) read() (s Sample, err error) {
	proc := fmt.Sprintf("/proc/%d/", c.server.PID())
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return s, err
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			kib, _ := strconv.ParseInt(f[1], 10, 64)
			s.Memory = kib << 10
		}
	}
	fds, err := os.ReadDir(proc + "fd")
	if err != nil {
		return s, err
	}
	s.Descriptors = len(fds)
	s.Goroutines, err = c.goroutines()
	return s, err
}

func (c *Campaign) goroutines() (int, error) {
	if c.server.Metrics() == "" {
		return 0, nil
	}
	cl := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := cl.Get(c.server.Metrics())
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if value, ok := bytes.CutPrefix(lines.Bytes(), []byte("go_goroutines ")); ok {
			return strconv.Atoi(string(value))
		}
	}
	return 0, fmt.Errorf("%s does not tell go_goroutines", c.server.Metrics())
}

// sample keeps the most that the server ever held.
func (c *Campaign) sample() {
	s, err := c.read()
	if err != nil {
		return // it may have just been killed
	}
	m := &c.report.Most
	m.Memory, m.Descriptors, m.Goroutines = max(m.Memory, s.Memory), max(m.Descriptors, s.Descriptors), max(m.Goroutines, s.Goroutines)
}

// measureFirst reads what the server holds before any client came.
func (c *Campaign) measureFirst(ctx context.Context) (err error) {
	c.report.First, err = c.lowest(ctx)
	return err
}

// measureLast reads what it holds when all have left.
func (c *Campaign) measureLast(ctx context.Context) (err error) {
	c.report.Last, err = c.lowest(ctx)
	return err
}

// lowest takes the least of some samples: what was just used ends a moment
// later.
func (c *Campaign) lowest(ctx context.Context) (best Sample, err error) {
	for i := range 10 {
		s, err := c.read()
		if err != nil {
			return s, err
		}
		if i == 0 {
			best = s
		}
		best.Memory, best.Descriptors, best.Goroutines = min(best.Memory, s.Memory), min(best.Descriptors, s.Descriptors), min(best.Goroutines, s.Goroutines)
		sleep(ctx, 100*time.Millisecond)
	}
	return best, nil
}
