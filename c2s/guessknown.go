package c2s

import (
	"hash/maphash"
	"sync"
)

// addressesKnown remembers from where accounts have logged in, since the start
// of the server: the last max pairs of account and address, and up to as many
// before them. Only hashes are kept: a list of who was where would be worth
// stealing.
type addressesKnown struct {
	seed maphash.Seed // fixed
	max  int          // fixed

	mu    sync.Mutex
	young map[uint64]struct{} // guarded by mu
	old   map[uint64]struct{} // guarded by mu
}

// maxKnown pairs in each of the two generations are about 2 MB.
const maxKnown = 50_000

func (k *addressesKnown) add(pair string) {
	h := maphash.String(k.seed, pair)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.young) >= k.max {
		k.old, k.young = k.young, nil
	}
	if k.young == nil {
		k.young = make(map[uint64]struct{})
	}
	k.young[h] = struct{}{}
}

func (k *addressesKnown) has(pair string) bool {
	h := maphash.String(k.seed, pair)
	k.mu.Lock()
	defer k.mu.Unlock()
	_, young := k.young[h]
	_, old := k.old[h]
	return young || old
}
