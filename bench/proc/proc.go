// Package proc reads from /proc what processes and all their children cost: CPU
// time and resident memory. It needs Linux.
package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Usage is what a set of processes has used.
type Usage struct {
	CPU       time.Duration // user and system, ended children included
	Processes int
}

// Memory is what a set of processes holds.
type Memory struct {
	RSS int64 // bytes resident, shared pages counted in each process
	PSS int64 // bytes resident, shared pages divided among those that share
}

// tick is a unit of /proc/pid/stat: USER_HZ, 100 a second on all that Go runs on.
const tick = 10 * time.Millisecond

// stat is a line of /proc/pid/stat (man 5 proc_pid_stat).
type stat struct {
	pid, parent int
	ticks       int64 // utime + stime + cutime + cstime
}

// CPU adds up what the processes and all below them have used. A process that
// is gone is an error: the server has ended.
func CPU(roots []int) (Usage, error) {
	tree, err := processes(roots)
	if err != nil {
		return Usage{}, err
	}
	var u Usage
	for _, s := range tree {
		u.CPU += time.Duration(s.ticks) * tick
		u.Processes++
	}
	return u, nil
}

// Resident adds up the memory of the processes and all below them.
func Resident(roots []int) (Memory, error) {
	tree, err := processes(roots)
	if err != nil {
		return Memory{}, err
	}
	var total Memory
	for _, s := range tree {
		m, err := resident(s.pid)
		if errors.Is(err, os.ErrNotExist) && !slices.Contains(roots, s.pid) {
			continue // a child that ended meanwhile
		}
		if err != nil {
			return Memory{}, err
		}
		total.RSS += m.RSS
		total.PSS += m.PSS
	}
	return total, nil
}

// processes returns roots and everything below.
func processes(roots []int) ([]stat, error) {
	all, err := table()
	if err != nil {
		return nil, err
	}
	var tree []stat
	for _, r := range roots {
		if _, ok := all[r]; !ok {
			return nil, fmt.Errorf("the server's process %d has ended", r)
		}
	}
	for _, s := range all {
		if under(all, s, roots) {
			tree = append(tree, s)
		}
	}
	return tree, nil
}

func under(all map[int]stat, s stat, roots []int) bool {
	for range len(all) { // no longer than a cycle, which a torn reading could show
		if slices.Contains(roots, s.pid) {
			return true
		}
		parent, ok := all[s.parent]
		if !ok {
			return false
		}
		s = parent
	}
	return false
}

func table() (map[int]stat, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		return nil, errors.New("proc: /proc cannot be read: the load generator measures on Linux only")
	}
	all := make(map[int]stat, len(files))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // it ended meanwhile
		}
		if s, ok := parseStat(b); ok {
			all[s.pid] = s
		}
	}
	return all, nil
}

// parseStat: the name in brackets may hold anything, so the fields are counted
// from its end.
func parseStat(b []byte) (stat, bool) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return stat{}, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b[:open])))
	fields := strings.Fields(string(b[end+1:]))
	const state, ppid, utime, cstime = 0, 1, 11, 14
	if err != nil || len(fields) <= cstime || fields[state] == "Z" {
		return stat{}, false
	}
	s := stat{pid: pid}
	if s.parent, err = strconv.Atoi(fields[ppid]); err != nil {
		return stat{}, false
	}
	for _, f := range fields[utime : cstime+1] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return stat{}, false
		}
		s.ticks += n
	}
	return s, true
}

func resident(pid int) (Memory, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if errors.Is(err, os.ErrPermission) {
		return Memory{}, fmt.Errorf("proc: the memory of process %d may not be read: run the load generator as the server's user or as root: %w", pid, err)
	}
	if err != nil {
		return Memory{}, fmt.Errorf("proc: %w", err)
	}
	return Memory{RSS: rollup(b, "Rss:"), PSS: rollup(b, "Pss:")}, nil
}

func rollup(b []byte, name string) int64 {
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) >= 2 && f[0] == name {
			n, _ := strconv.ParseInt(f[1], 10, 64)
			return n << 10
		}
	}
	return 0
}
