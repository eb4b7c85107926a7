package conformance

import (
	"fmt"
	"strings"
)

// settings are the keys of the configuration with their defaults, as
// docs/configuration.md has them.
type settings map[string]string

// readSettings reads the rows of that page: | `key` | `VARIABLE` | `default` | …
func readSettings(page string) settings {
	found := settings{}
	for line := range strings.Lines(page) {
		cells := strings.Split(line, "|")
		if len(cells) > 4 && strings.HasPrefix(cells[1], " `") {
			found[strings.Trim(cells[1], " `")] = strings.Trim(cells[3], " `")
		}
	}
	return found
}

// checkLimits returns what is wrong with a table of limits: rows whose key,
// default or tests are not there, and limits without a row.
func checkLimits(table string, known *tests, have settings) (problems []string) {
	shown := map[string]bool{"limits.mode": true} // which is about all of them
	for i, columns := range rows(table) {
		if len(columns) != 4 {
			problems = append(problems, fmt.Sprintf("%d: %d columns, want 4 columns", i, len(columns)))
			continue
		}
		key := limitKey(columns[1])
		shown[key] = true
		for _, p := range append(checkKey(key, columns[2], have), checkLater(columns[3], known)...) {
			problems = append(problems, fmt.Sprintf("%d: %s", i, p))
		}
	}
	for key := range have {
		if strings.HasPrefix(key, "limits.") && !shown[key] {
			problems = append(problems, "no row for "+key)
		}
	}
	return problems
}

func limitKey(cell string) string {
	if cell == "-" || strings.Contains(cell, ".") {
		return cell
	}
	return "limits." + cell
}

// checkKey: "-" is a limit that cannot be configured.
func checkKey(key, value string, have settings) []string {
	switch got, ok := have[key]; {
	case key == "-":
		return nil
	case !ok:
		return []string{"no such key: " + key}
	case got != value:
		return []string{fmt.Sprintf("%s is %s by default, not %s", key, got, value)}
	}
	return nil
}

// checkDangers returns what is wrong with a table of dangers.
func checkDangers(table string, known *tests) (problems []string) {
	for i, columns := range rows(table) {
		if len(columns) != 2 {
			problems = append(problems, fmt.Sprintf("%d: %d columns, want 2 columns", i, len(columns)))
			continue
		}
		for _, p := range checkLater(columns[1], known) {
			problems = append(problems, fmt.Sprintf("%d: %s", i, p))
		}
	}
	return problems
}

// checkLater accepts "later: reason" for what is not built yet.
func checkLater(column string, known *tests) []string {
	reason, later := strings.CutPrefix(column, "later:")
	switch {
	case !later:
		return checkProofs(column, known)
	case strings.TrimSpace(reason) == "":
		return []string{"no reason"}
	}
	return nil
}

// rows yields the columns of each row with the number of its line.
func rows(table string) func(yield func(int, []string) bool) {
	return func(yield func(int, []string) bool) {
		for i, line := range strings.Split(table, "\n") {
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			columns := strings.Split(line, "|")
			for j := range columns {
				columns[j] = strings.TrimSpace(columns[j])
			}
			if !yield(i+1, columns) {
				return
			}
		}
	}
}
