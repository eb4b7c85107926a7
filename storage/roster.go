package storage

import (
	"bytes"
	"fmt"
	"slices"
)

// Subscription is the state of a roster item, a set of two bits: we see the
// contact's presence (To), the contact sees ours (From).
type Subscription uint8

// RFC 6121 §2.1.2.5
const (
	None Subscription = 0
	To   Subscription = 1
	From Subscription = 2
	Both Subscription = To | From
)

var subscriptionNames = [...]string{None: "none", To: "to", From: "from", Both: "both"}

// String is the value of the 'subscription' attribute, RFC 6121 §2.1.2.5.
func (s Subscription) String() string {
	if int(s) < len(subscriptionNames) {
		return subscriptionNames[s]
	}
	return fmt.Sprintf("subscription(%d)", uint8(s))
}

// ParseSubscription reads the value of a 'subscription' attribute. "remove" is
// a command, not a state, and is refused like any other word.
func ParseSubscription(s string) (Subscription, error) {
	for sub, name := range subscriptionNames {
		if s == name {
			return Subscription(sub), nil
		}
	}
	return None, fmt.Errorf("storage: unknown subscription %q", s)
}

// RosterItem is one contact of one account, with everything RFC 6121 §2 and
// Appendix A remember about it.
type RosterItem struct {
	Contact      string
	Name         string
	Groups       []string
	Subscription Subscription
	Ask          bool // RFC 6121 §2.1.2.2: our request is pending out
	Approved     bool // RFC 6121 §2.1.2.1: pre-approved
	// InRoster tells an item the user's clients see from a bare "None + Pending
	// In" (RFC 6121 A.2.1), which is kept but not part of the roster.
	InRoster      bool
	PendingIn     bool   // the contact's request waits for an answer
	PendingStanza []byte // payload of that request, to present it again
	Version       uint64 // roster version at the item's last change
}

// Listed reports whether the item belongs to the roster that clients see.
func (i RosterItem) Listed() bool { return i.InRoster }

// Equal reports whether two items hold the same state. Version is not state.
func (i RosterItem) Equal(o RosterItem) bool {
	return i.Contact == o.Contact && i.Name == o.Name && slices.Equal(i.Groups, o.Groups) &&
		i.Subscription == o.Subscription && i.Ask == o.Ask && i.Approved == o.Approved &&
		i.InRoster == o.InRoster && i.PendingIn == o.PendingIn &&
		bytes.Equal(i.PendingStanza, o.PendingStanza)
}

// Roster is a whole roster, unlisted items included, ordered by contact.
type Roster struct {
	Version uint64
	Items   []RosterItem
}

// RosterDelta is what changed in a roster since a version the client knows, in
// the order of the changes. An item that stopped being listed counts as
// removed; Changed holds listed items only.
type RosterDelta struct {
	Version uint64
	Changed []RosterItem
	Removed []string
}
