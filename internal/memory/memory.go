// Package memory gives memory back to the system when the server has become
// quiet.
//
// Go lets a heap grow to twice what is in use, and does nothing about it while
// nobody allocates. So a server to which thousands have just logged in would
// hold several times what their sessions need for minutes. What a busy server
// does is left to Go and its GOGC and GOMEMLIMIT.
package memory

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// lookEvery is how often the heap is looked at, which costs microseconds.
	lookEvery = time.Second
	// quietBytes is what a quiet server allocates at most between two looks.
	quietBytes = 1 << 20
	// quietLooks is how many looks in a row must find it quiet.
	quietLooks = 2
	// restLooks in a row that find it quiet lead to a collection whatever the last
	// one found: what was in use then may have gone, as when clients leave.
	restLooks = 30
	// spareBytes is what a small server may always keep.
	spareBytes = 8 << 20
)

// Keep looks after the memory of the process until ctx ends.
func Keep(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var k keeper
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if k.due(look()) {
				giveBack()
				k.given = k.allocated
			}
		}
	}
}

// heap is what is known of it at a moment.
type heap struct {
	allocated uint64 // since the process began
	live      uint64 // found in use by the last collection
	held      uint64 // of the system's memory, without stacks
}

func look() heap {
	s := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(s)
	return heap{
		allocated: s[0].Value.Uint64(), live: s[1].Value.Uint64(),
		held: s[2].Value.Uint64() + s[3].Value.Uint64(),
	}
}

// keeper decides by one look after another.
type keeper struct {
	allocated uint64 // at the last look
	given     uint64 // the same, when memory was given back last
	quiet     int    // looks in a row
}

// due reports whether the process is quiet and holds half as much again as is in
// use, or has been quiet for long since it did something.
func (k *keeper) due(h heap) bool {
	if h.allocated-k.allocated > quietBytes {
		k.quiet = 0
	} else {
		k.quiet++
	}
	k.allocated = h.allocated
	if k.quiet == restLooks && h.allocated-k.given > quietBytes {
		return true
	}
	return k.quiet >= quietLooks && h.held > h.live+h.live/2+spareBytes
}

// giveBack collects twice: what a sync.Pool lends out outlives one collection.
func giveBack() {
	runtime.GC()
	debug.FreeOSMemory()
}
