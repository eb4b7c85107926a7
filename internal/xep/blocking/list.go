package blocking

import (
	"cmp"
	"maps"
	"slices"

	"parley/internal/jid"
	"parley/stanza"
)

// list is whom an account blocks. It never changes; nil is the empty one.
type list struct {
	addresses map[jid.JID]struct{} // all
	domains   map[string]struct{}  // those of them that are a domain and no more
}

// unknown stands for a list that could not be read so far.
var unknown = &list{}

func newList(addresses map[jid.JID]struct{}) *list {
	if len(addresses) == 0 {
		return nil
	}
	l := &list{addresses: addresses}
	for j := range addresses {
		if j.Local() == "" && j.IsBare() {
			if l.domains == nil {
				l.domains = map[string]struct{}{}
			}
			l.domains[j.Domain()] = struct{}{}
		}
	}
	return l
}

// readList makes a list of what is stored.
func readList(stored []string) *list {
	addresses := make(map[jid.JID]struct{}, len(stored))
	for _, s := range stored {
		if j, err := jid.Parse(s); err == nil { // they were when they were blocked
			addresses[j] = struct{}{}
		}
	}
	return newList(addresses)
}

// matches reports whether j is blocked (§6): that address, all of an account, one
// resource of a domain, or all of a domain. As every item says the same, their
// order makes no difference.
func (l *list) matches(j jid.JID) bool {
	if l == nil {
		return false
	}
	if _, is := l.domains[j.Domain()]; is {
		return true
	}
	_, is := l.addresses[j]
	if !is && !j.IsBare() && j.Local() != "" {
		_, is = l.addresses[j.Bare()]
	}
	return is
}

// with returns the list with more items.
func (l *list) with(items []jid.JID) *list {
	all := l.clone()
	for _, j := range items {
		all[j] = struct{}{}
	}
	return newList(all)
}

// without returns the list with less.
func (l *list) without(items []jid.JID) *list {
	all := l.clone()
	for _, j := range items {
		delete(all, j)
	}
	return newList(all)
}

func (l *list) clone() map[jid.JID]struct{} {
	if l == nil {
		return map[jid.JID]struct{}{}
	}
	return maps.Clone(l.addresses)
}

// items returns all addresses, in order.
func (l *list) items() []jid.JID {
	if l == nil {
		return nil
	}
	return slices.SortedFunc(maps.Keys(l.addresses), func(a, b jid.JID) int { return cmp.Compare(a.String(), b.String()) })
}

// element writes items below an element of that name.
func element(name string, items []jid.JID) *stanza.Element {
	e := stanza.New(NS, name)
	for _, j := range items {
		e.Add(stanza.New(NS, "item", "jid", j.String()))
	}
	return e
}
