package roster

import (
	"fmt"
	"testing"

	"parley/internal/jid"

	"pgregory.net/rapid"
)

// TestEncoded: whatever is put and asked for, the cache answers with the right
// version only, holds no more than it may, and counts right.
func TestEncoded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := encoded{max: 800}
		last := map[jid.JID]uint64{}
		for v := range uint64(rapid.IntRange(1, 60).Draw(t, "steps")) {
			j := jid.MustParse(fmt.Sprintf("u%d@localhost", rapid.IntRange(0, 15).Draw(t, "account")))
			if rapid.Bool().Draw(t, "put") {
				e.put(j, v, make([]byte, rapid.IntRange(1, 110).Draw(t, "size")))
				last[j] = v
			} else if e.get(j, last[j]) != nil && e.get(j, last[j]+1) != nil {
				t.Fatal("answered for a version that was never put")
			}
			sum := 0
			for el := e.order.Front(); el != nil; el = el.Next() {
				sum += len(el.Value.(*encodedRoster).query)
			}
			if sum != e.bytes || sum > e.max || e.order.Len() != len(e.m) {
				t.Fatalf("holds %d bytes, counts %d, may %d; %d entries, %d known", sum, e.bytes, e.max, e.order.Len(), len(e.m))
			}
		}
	})
}
