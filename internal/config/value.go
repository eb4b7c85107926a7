package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// value is one setting: it reads and prints itself and says what it accepts.
type value interface {
	set(s string) error // the error says what is wrong, without the advice
	yaml() string
	accepts() string // "a whole number, 1 to 20"
}

// list is a value of several items.
type list interface {
	value
	setList(items []string) error
}

// text is any string that check, if given, agrees to.
type text struct {
	p     *string
	what  string
	check func(string) error
}

func (v text) set(s string) error {
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return errors.New("is not UTF-8 text")
	}
	if v.check != nil {
		if err := v.check(s); err != nil {
			return err
		}
	}
	*v.p = s
	return nil
}

func (v text) yaml() string    { return strconv.Quote(*v.p) }
func (v text) accepts() string { return v.what }

// choice is one of a few words.
type choice[T ~string] struct {
	p     *T
	words []string
}

func (v choice[T]) set(s string) error {
	for _, w := range v.words {
		if s == w {
			*v.p = T(s)
			return nil
		}
	}
	return fmt.Errorf("%q is not one of its values", s)
}

func (v choice[T]) yaml() string    { return strconv.Quote(string(*v.p)) }
func (v choice[T]) accepts() string { return strings.Join(v.words, ", ") }

type truth struct{ p *bool }

func (v truth) set(s string) error {
	switch s {
	case "true", "false":
		*v.p = s == "true"
		return nil
	}
	return fmt.Errorf("%q is neither true nor false", s)
}

func (v truth) yaml() string    { return strconv.FormatBool(*v.p) }
func (v truth) accepts() string { return "true, false" }

type number struct {
	p        *int
	min, max int
}

func (v number) set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil {
		return fmt.Errorf("%q is not a whole number", s)
	}
	return setBetween(v.p, n, v.min, v.max, strconv.Itoa)
}

func (v number) yaml() string { return strconv.Itoa(*v.p) }
func (v number) accepts() string {
	return fmt.Sprintf("a whole number, %d to %d%s", v.min, v.max, zeroMeaning(v.min))
}

// size is a number of bytes.
type size struct {
	p        *int
	min, max int
}

func (v size) set(s string) error {
	n, err := parseSize(s)
	if err != nil {
		return err
	}
	return setBetween(v.p, n, v.min, v.max, formatSize)
}

func (v size) yaml() string { return formatSize(*v.p) }
func (v size) accepts() string {
	return fmt.Sprintf("a size such as 64KiB, %s to %s%s", formatSize(v.min), formatSize(v.max), zeroMeaning(v.min))
}

type duration struct {
	p        *time.Duration
	min, max time.Duration
}

func (v duration) set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%q is not a duration", s)
	}
	return setBetween(v.p, d, v.min, v.max, formatDuration)
}

func (v duration) yaml() string { return formatDuration(*v.p) }
func (v duration) accepts() string {
	return fmt.Sprintf("a duration such as 1m30s, %s to %s", formatDuration(v.min), formatDuration(v.max))
}

func setBetween[T int | time.Duration](p *T, v, low, high T, format func(T) string) error {
	switch {
	case v < low:
		return fmt.Errorf("%s is too small", format(v))
	case v > high:
		return fmt.Errorf("%s is too large", format(v))
	}
	*p = v
	return nil
}

func zeroMeaning(low int) string {
	if low == 0 {
		return "; 0: no limit"
	}
	return ""
}

// words is a list of strings, each checked.
type words struct {
	p     *[]string
	what  string
	check func(string) error
}

func (v words) set(s string) error { return v.setList(splitList(s)) }

func (v words) setList(items []string) error {
	for _, it := range items {
		if err := v.check(it); err != nil {
			return err
		}
	}
	*v.p = append([]string(nil), items...)
	return nil
}

func (v words) yaml() string    { return yamlList(*v.p) }
func (v words) accepts() string { return "a list of " + v.what }

// splitList reads a list from the environment: items between commas.
func splitList(s string) []string {
	var out []string
	for it := range strings.SplitSeq(s, ",") {
		if it = strings.TrimSpace(it); it != "" {
			out = append(out, it)
		}
	}
	return out
}

func yamlList(items []string) string {
	quoted := make([]string, len(items))
	for i, it := range items {
		quoted[i] = strconv.Quote(it)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// units of sizes, largest first; 1 kB is 1000 bytes, 1 KiB is 1024.
var units = []struct {
	name string
	n    int
}{{"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"kB", 1e3}, {"B", 1}}

func parseSize(s string) (int, error) {
	digits, factor := s, 1
	for _, u := range units {
		if d, ok := strings.CutSuffix(s, u.name); ok {
			digits, factor = strings.TrimSpace(d), u.n
			break
		}
	}
	n, err := strconv.ParseUint(digits, 10, 62)
	if err != nil || n > uint64(math.MaxInt/factor) {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	return int(n) * factor, nil //nolint:gosec // checked against MaxInt above
}

// formatSize uses the largest unit that divides n.
func formatSize(n int) string {
	for _, u := range units {
		if n >= u.n && n%u.n == 0 {
			return strconv.Itoa(n/u.n) + u.name
		}
	}
	return "0"
}

// formatDuration is String without the zero units: 10m, not 10m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
