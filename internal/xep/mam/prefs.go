package mam

import (
	"context"
	"errors"
	"fmt"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// What is archived of whom no list names (XEP-0441 §2.1.1).
const (
	DefaultAlways = "always"
	DefaultNever  = "never"
	DefaultRoster = "roster" // of contacts only
)

// rules are the preferences of an account, ready for use. They never change.
type rules struct {
	otherwise string // one of the defaults
	lists     map[jid.JID]bool
	storage.ArchiveRules
}

func newRules(r storage.ArchiveRules) *rules {
	out := &rules{otherwise: r.Default, ArchiveRules: r}
	if len(r.Always)+len(r.Never) > 0 {
		out.lists = make(map[jid.JID]bool, len(r.Always)+len(r.Never))
	}
	out.put(r.Always, true)
	out.put(r.Never, false) // who is in both is not archived
	return out
}

func (r *rules) put(list []string, archive bool) {
	for _, s := range list {
		if j, err := jid.Parse(s); err == nil { // they were when they were set
			r.lists[j] = archive
		}
	}
}

// says returns what the lists say of peer (XEP-0441 §2.3): an entry with a
// resource is compared as it is and counts before one without.
func (r *rules) says(peer jid.JID) (archive, listed bool) {
	if archive, listed = r.lists[peer]; listed {
		return archive, true
	}
	archive, listed = r.lists[peer.Bare()]
	return archive, listed
}

// listed reports whether account wants a message from or to peer in its archive.
func (m *Module) listed(ctx context.Context, account, peer jid.JID, v verdict) (bool, error) {
	if v != lasting {
		return false, nil
	}
	r, err := m.rulesOf(ctx, account)
	if err != nil {
		return false, err
	}
	if archive, listed := r.says(peer); listed {
		return archive, nil
	}
	if r.otherwise == DefaultRoster && peer.Bare() != account {
		return m.roster.Lists(ctx, account, peer.Bare())
	}
	return r.otherwise != DefaultNever, nil
}

func (m *Module) rulesOf(ctx context.Context, account jid.JID) (*rules, error) {
	if r := m.rules.get(account); r != nil {
		return r, nil
	}
	stored, err := m.store.ArchiveRules(ctx, account.String())
	if errors.Is(err, storage.ErrNotFound) {
		stored, err = storage.ArchiveRules{Default: m.opts.Default}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mam: read preferences: %w", err)
	}
	return m.rules.read(account, newRules(stored)), nil
}

// XEP-0441 §2.1.
func (m *Module) getPrefs(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	r, err := m.rulesOf(ctx, iq.Account())
	if err != nil {
		return nil, err
	}
	return r.element(), nil
}

// XEP-0441 §2.1: all is replaced; a list that is missing is empty.
func (m *Module) setPrefs(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	wanted, err := m.parsePrefs(iq.Request)
	if err != nil {
		return nil, err
	}
	err = m.store.SetArchiveRules(ctx, iq.Account().String(), wanted)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, stanza.NewError(stanza.ItemNotFound, "the account is gone")
	} else if err != nil {
		return nil, fmt.Errorf("mam: write preferences: %w", err)
	}
	r := newRules(wanted)
	m.rules.set(iq.Account(), r)
	return r.element(), nil
}

func (m *Module) parsePrefs(e *stanza.Element) (storage.ArchiveRules, error) {
	r := storage.ArchiveRules{Default: e.Attr("default")}
	switch r.Default {
	case DefaultAlways, DefaultNever, DefaultRoster:
	default:
		return r, stanza.NewError(stanza.BadRequest, "default must be always, never or roster")
	}
	var err error
	if r.Always, err = parseJIDs(e.Child(NS, "always")); err != nil {
		return r, err
	}
	if r.Never, err = parseJIDs(e.Child(NS, "never")); err != nil {
		return r, err
	}
	if n := len(r.Always) + len(r.Never); n > m.opts.MaxRules {
		return r, stanza.NewError(stanza.PolicyViolation, fmt.Sprintf("%d addresses, at most %d are kept", n, m.opts.MaxRules))
	}
	return r, nil
}

// parseJIDs reads a list, without doubles. Nil is an empty one.
func parseJIDs(list *stanza.Element) (out []string, err error) {
	seen := map[jid.JID]bool{}
	for e := range list.Elements() {
		if !e.Is(NS, "jid") {
			return nil, stanza.NewError(stanza.BadRequest, "a list holds nothing but <jid/>")
		}
		j, err := jid.Parse(e.Text())
		if err != nil {
			return nil, stanza.NewError(stanza.BadRequest, err.Error())
		}
		if !seen[j] {
			seen[j] = true
			out = append(out, j.String())
		}
	}
	return out, nil
}

func (r *rules) element() *stanza.Element {
	return stanza.New(NS, "prefs", "default", r.otherwise).Add(
		jids("always", r.Always), jids("never", r.Never))
}

func jids(name string, list []string) *stanza.Element {
	out := stanza.New(NS, name)
	for _, j := range list {
		out.Add(stanza.New(NS, "jid").AddText(j))
	}
	return out
}
