package roster

import (
	"cmp"
	"iter"
	"slices"

	"parley/internal/jid"
	"parley/storage"
)

// Snapshot is the contacts of one account at one moment. It never changes.
// The zero value is an empty roster.
type Snapshot struct {
	version  uint64
	contacts []Contact // sorted by address
}

// Contact is one contact in a Snapshot.
type Contact struct {
	JID   jid.JID // bare
	State State
	// Listed is false for a stranger whose request waits for an answer: he is
	// not in the roster that clients see.
	Listed bool
}

// Version returns the roster version.
func (s *Snapshot) Version() uint64 { return s.version }

// Item returns the contact with that bare JID.
func (s *Snapshot) Item(contact jid.JID) (Contact, bool) {
	i, found := s.search(contact)
	if !found {
		return Contact{}, false
	}
	return s.contacts[i], true
}

func (s *Snapshot) search(contact jid.JID) (int, bool) {
	return slices.BinarySearchFunc(s.contacts, contact.String(), func(c Contact, s string) int {
		return cmp.Compare(c.JID.String(), s)
	})
}

// Subscribers yields the contacts who see the account's presence: "from" and
// "both".
func (s *Snapshot) Subscribers() iter.Seq[jid.JID] { return s.with(bitFrom) }

// Subscriptions yields the contacts whose presence the account sees: "to" and
// "both".
func (s *Snapshot) Subscriptions() iter.Seq[jid.JID] { return s.with(bitTo) }

func (s *Snapshot) with(bit State) iter.Seq[jid.JID] {
	return func(yield func(jid.JID) bool) {
		for i := range s.contacts {
			if s.contacts[i].State&bit != 0 && !yield(s.contacts[i].JID) {
				return
			}
		}
	}
}

func (s *Snapshot) count(bit State) int {
	n := 0
	for range s.with(bit) {
		n++
	}
	return n
}

// newSnapshot takes what presence needs of a roster. An address that cannot be
// read, which only a broken database can hold, is left out.
func newSnapshot(r *storage.Roster) *Snapshot {
	s := &Snapshot{version: r.Version, contacts: make([]Contact, 0, len(r.Items))}
	for i := range r.Items {
		if c, err := jid.Parse(r.Items[i].Contact); err == nil {
			s.contacts = append(s.contacts, newContact(c, &r.Items[i]))
		}
	}
	slices.SortFunc(s.contacts, func(a, b Contact) int { return cmp.Compare(a.JID.String(), b.JID.String()) })
	return s
}

func newContact(c jid.JID, item *storage.RosterItem) Contact {
	return Contact{JID: c, State: stateOf(item), Listed: item.Listed()}
}

// replace returns the snapshot with one item changed; one that holds nothing
// any more is dropped.
func (s *Snapshot) replace(contact jid.JID, item *storage.RosterItem, version uint64) *Snapshot {
	c := newContact(contact, item)
	i, found := s.search(contact)
	keep := c.Listed || c.State != None
	next := &Snapshot{version: version}
	switch {
	case found && keep:
		next.contacts = slices.Clone(s.contacts)
		next.contacts[i] = c
	case found:
		next.contacts = slices.Concat(s.contacts[:i], s.contacts[i+1:])
	case keep:
		next.contacts = slices.Concat(s.contacts[:i], []Contact{c}, s.contacts[i:])
	default:
		next.contacts = s.contacts
	}
	return next
}
