package sqlstore

import (
	"strconv"
	"strings"
)

// placeholders lists values from $first on. Their number is rounded up to a
// power of two, by saying the last one again, so that few different statements
// come of it.
func placeholders[T any](first int, values []T) (list string, args []any) {
	n := 1
	for n < len(values) {
		n *= 2
	}
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("$" + strconv.Itoa(first+i))
		args = append(args, values[min(i, len(values)-1)])
	}
	return b.String(), args
}
