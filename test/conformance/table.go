package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	levels  = []string{"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"}
	section = regexp.MustCompile(`^([0-9]+|[A-E])(\.[0-9]+)*$`)
)

// check returns what is wrong with a table, by line.
func check(table string, known *tests) (problems []string) {
	seen := map[string]bool{}
	for i, line := range strings.Split(table, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		for _, p := range checkRow(line, known) {
			problems = append(problems, fmt.Sprintf("%d: %s", i+1, p))
		}
		if rule, _, _ := cutLast(line); seen[rule] {
			problems = append(problems, fmt.Sprintf("%d: the row is there twice", i+1))
		} else {
			seen[rule] = true
		}
	}
	return problems
}

// cutLast splits off the last column.
func cutLast(line string) (before, last string, ok bool) {
	i := strings.LastIndex(line, "|")
	if i < 0 {
		return line, "", false
	}
	return line[:i], line[i+1:], true
}

func checkRow(line string, known *tests) (problems []string) {
	columns := strings.Split(line, "|")
	if len(columns) != 4 {
		return []string{fmt.Sprintf("%d columns, want 4 columns", len(columns))}
	}
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	if !section.MatchString(columns[0]) {
		problems = append(problems, fmt.Sprintf("no section: %q", columns[0]))
	}
	if !slices.Contains(levels, columns[1]) {
		problems = append(problems, fmt.Sprintf("no level: %q", columns[1]))
	}
	if columns[2] == "" {
		problems = append(problems, "no rule")
	}
	return append(problems, checkProofs(columns[3], known)...)
}

func checkProofs(column string, known *tests) (problems []string) {
	shown := false
	for _, proof := range strings.Split(column, ";") {
		proof = strings.TrimSpace(proof)
		reason, applies := strings.CutPrefix(proof, "n/a:")
		because, otherwise := strings.CutPrefix(proof, "otherwise:")
		switch {
		case proof == "":
		case applies && strings.TrimSpace(reason) == "", otherwise && because == "":
			problems = append(problems, "no reason")
		case otherwise:
		case applies:
			shown = true
		default:
			shown = true
			if wrong := known.lacks(proof); wrong != "" {
				problems = append(problems, wrong)
			}
		}
	}
	if !shown && len(problems) == 0 {
		problems = append(problems, "no test")
	}
	return problems
}
