package memory

import (
	"runtime"
	"slices"
	"testing"
)

const mb = 1 << 20

// TestDueAtRest: a server that did something and then rests looks once at what is
// in use now, however little it seemed to hold too much.
func TestDueAtRest(t *testing.T) {
	t.Parallel()
	used := heap{allocated: 50 * mb, live: 40 * mb, held: 45 * mb}
	for name, c := range map[string]struct {
		given uint64
		want  []int // the looks that lead to a collection
	}{
		"after work":     {0, []int{restLooks}},
		"after a little": {49 * mb, nil},
	} {
		k := keeper{allocated: used.allocated, given: c.given}
		var got []int
		for n := range 3 * restLooks {
			if k.due(used) {
				got = append(got, n+1)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: at looks %v, want %v", name, got, c.want)
		}
	}
}

// TestDue: memory is given back by a server that is quiet and holds much more
// than it uses, and by no other.
func TestDue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		looks []heap
		want  bool
	}{
		"quiet and much to spare": {[]heap{{100 * mb, 40 * mb, 90 * mb}, {101 * mb, 40 * mb, 90 * mb}, {101*mb + 1, 40 * mb, 90 * mb}}, true},
		"quiet for one look only": {[]heap{{100 * mb, 40 * mb, 90 * mb}, {101 * mb, 40 * mb, 90 * mb}}, false},
		"busy between":            {[]heap{{100 * mb, 40 * mb, 90 * mb}, {102*mb + 1, 40 * mb, 90 * mb}, {102*mb + 2, 40 * mb, 90 * mb}}, false},
		"as much as may be":       {[]heap{{100 * mb, 40 * mb, 68 * mb}, {100 * mb, 40 * mb, 68 * mb}, {100 * mb, 40 * mb, 68 * mb}}, false},
		"one byte more":           {[]heap{{100 * mb, 40 * mb, 68*mb + 1}, {100 * mb, 40 * mb, 68*mb + 1}, {100 * mb, 40 * mb, 68*mb + 1}}, true},
		"small":                   {[]heap{{9 * mb, mb, 9 * mb}, {9 * mb, mb, 9 * mb}, {9 * mb, mb, 9 * mb}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var k keeper
			var got bool
			for _, h := range c.looks {
				got = k.due(h)
			}
			if got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

var sink []byte

// TestGiveBack: what is not used any more is not held any more.
func TestGiveBack(t *testing.T) {
	sink = make([]byte, 64*mb)
	runtime.GC()
	before := look()
	if before.live < 64*mb || before.held < before.live {
		t.Fatalf("%+v while 64 MB are in use", before)
	}
	sink = nil
	giveBack()
	if after := look(); after.held > before.held-32*mb {
		t.Errorf("%d bytes held after %d, want 64 MB less", after.held, before.held)
	}
}
