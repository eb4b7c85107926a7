package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// usual is the order of the columns; other builds of Parley follow.
var usual = []string{"prosody", "ejabberd", "floor", "parley"}

// columns are the targets that were measured.
func columns(all []record) []string {
	names := slices.DeleteFunc(slices.Clone(usual), func(n string) bool {
		return !slices.ContainsFunc(all, func(r record) bool { return r.Target == n })
	})
	for _, r := range all {
		if !slices.Contains(names, r.Target) {
			names = append(names, r.Target)
		}
	}
	return names
}

// table prints the medians. The ratios say how many times better Parley is than
// the best of the other servers, and how many times dearer than the floor.
func table(w io.Writer, all []record) {
	names := columns(all)
	if len(names) == 0 {
		return
	}
	fmt.Fprintf(w, "| workload | %s | goal | best peer : Parley | Parley : floor |\n|%s\n",
		strings.Join(titles(names), " | "), strings.Repeat(" --- |", len(names)+4))
	for _, s := range stages {
		for _, l := range s.lines {
			for _, r := range l.rows {
				printRow(w, all, names, l, r)
			}
		}
	}
}

// titles are the names as people write them.
func titles(names []string) []string {
	known := map[string]string{"prosody": "Prosody", "floor": "floor: bare relay", "parley": "Parley"}
	var all []string
	for _, n := range names {
		if t, ok := known[n]; ok {
			n = t
		}
		all = append(all, n)
	}
	return all
}

func printRow(w io.Writer, all []record, names []string, l line, r row) {
	cells, values, measured := make([]string, len(names)), map[string]float64{}, false
	for i, name := range names {
		v, failed, n := median(all, name, l, r)
		switch {
		case n > 0:
			cells[i], values[name] = strconv.FormatFloat(v, 'f', r.digits, 64), v
			measured = true
		case failed != "":
			cells[i] = "fails"
			measured = true
		default:
			cells[i] = "–"
		}
	}
	if measured {
		goal := r.goal
		if goal == "" {
			goal = "–"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", r.title, strings.Join(cells, " | "), goal, toPeers(values, r), toFloor(values, r))
	}
}

// median of the rounds in which nothing went wrong.
func median(all []record, name string, l line, r row) (v float64, failed string, n int) {
	var values []float64
	for _, m := range all {
		switch {
		case m.Target != name || m.Line != l.name:
		case m.Error != "":
			failed = m.Error
		default:
			values = append(values, r.value(m.Result))
		}
	}
	if len(values) == 0 {
		return 0, failed, 0
	}
	slices.Sort(values)
	middle := len(values) / 2
	if v = values[middle]; len(values)%2 == 0 {
		v = (v + values[middle-1]) / 2
	}
	return v, "", len(values)
}

// toPeers compares with the better of the other servers.
func toPeers(values map[string]float64, r row) string {
	ours, ok := values["parley"]
	best := 0.0
	for _, peer := range []string{"prosody", "ejabberd"} {
		v := values[peer]
		if v > 0 && (best == 0 || v < best != r.more) {
			best = v
		}
	}
	if !ok || ours <= 0 || best <= 0 {
		return "–"
	}
	if r.more {
		return strconv.FormatFloat(ours/best, 'f', 1, 64)
	}
	return strconv.FormatFloat(best/ours, 'f', 1, 64)
}

func toFloor(values map[string]float64, r row) string {
	ours, floor := values["parley"], values["floor"]
	if ours <= 0 || floor <= 0 || r.more {
		return "–"
	}
	return strconv.FormatFloat(ours/floor, 'f', 2, 64)
}

// short is a measurement in some words.
func short(m record) string {
	var parts []string
	for _, s := range stages {
		for _, l := range s.lines {
			for _, r := range l.rows {
				if l.name == m.Line {
					_, what, _ := strings.Cut(r.title, ": ")
					parts = append(parts, what+" "+strconv.FormatFloat(r.value(m.Result), 'f', r.digits, 64))
				}
			}
		}
	}
	return strings.Join(parts, ", ")
}
