package storage

// Unit gathers the writes that one stanza causes, so that they are made in one
// transaction: after a crash the database has all of them or none. Writes that
// have joined it wait until Store.Submit. One goroutine uses it.
type Unit struct{ joined []Pending }

// Join adds a write that the store has prepared.
func (u *Unit) Join(p Pending) { u.joined = append(u.joined, p) }

// Len returns how many writes have joined.
func (u *Unit) Len() int { return len(u.joined) }

// Take empties the unit. What it returns is valid until the next Join.
func (u *Unit) Take() []Pending {
	joined := u.joined
	u.joined = joined[:0]
	return joined
}
