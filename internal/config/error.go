package config

import (
	"fmt"
	"strings"
)

// Error is one thing wrong with the configuration: where, what, and what to do.
type Error struct {
	File         string // "" if the value did not come from a file
	Line, Column int    // 1-based; 0 if not known
	Env          string // the environment variable it came from, or ""
	Key          string // "limits.roster_items", or ""
	Problem      string
	Advice       string
}

// Error is one line.
func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.Env != "":
		fmt.Fprintf(&b, "%s: ", e.Env)
	case e.File != "" && e.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	case e.File != "":
		fmt.Fprintf(&b, "%s: ", e.File)
	}
	if e.Key != "" && e.Env == "" {
		fmt.Fprintf(&b, "%s: ", e.Key)
	}
	b.WriteString(e.Problem)
	if e.Advice != "" {
		b.WriteString("; " + e.Advice)
	}
	return b.String()
}

// origin is where a value came from; zero is "the default".
type origin struct {
	file         string
	line, column int
	env          string
}

func (o origin) error(key, problem, advice string) *Error {
	return &Error{File: o.file, Line: o.line, Column: o.column, Env: o.env, Key: key, Problem: problem, Advice: advice}
}

// closest returns the one of names that is most like s, or "" if none is near:
// the advice for a mistyped key.
func closest(s string, names []string) string {
	best, bestDistance := "", len(s)/3+2
	for _, n := range names {
		if d := distance(s, n); d < bestDistance {
			best, bestDistance = n, d
		}
	}
	return best
}

// distance is the number of inserted, deleted and replaced bytes between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
