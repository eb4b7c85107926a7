package mam

import (
	"context"
	"fmt"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/storage"
)

// repeatable is how long before the start a message can have been sent and still
// be recognised when it comes again.
const repeatable = 24 * time.Hour

// Origins tells what accounts have sent before the start.
type Origins interface {
	// RecentOrigins returns outgoing messages with an origin-id, newest first;
	// of those with ids above since.
	RecentOrigins(ctx context.Context, account string, since int64, limit int) ([]storage.Message, error)
}

// beginning is how a message starts its way.
type beginning struct {
	origin  string   // its origin-id, or ""
	attempt *attempt // nil without an origin-id
	known   bool     // the sender's archive has it already
}

// first finds out whether a message was sent before. A repetition is handled
// when the first one is, and goes no further. listed says whether the sender's
// archive takes the message.
func (m *Module) first(ctx context.Context, ev *module.Event, listed bool) (beginning, error) {
	origin := originID(ev.Stanza)
	if origin == "" {
		return beginning{}, nil
	}
	if err := m.recall(ctx, ev.From.Bare()); err != nil {
		return beginning{}, err
	}
	next := m.begin(ev, origin, listed)
	a, fresh := m.origins.begin(next, nil)
	switch {
	case fresh:
		return beginning{origin: origin, attempt: next}, nil
	case a.row != 0:
		return m.takeUp(ctx, ev, a, listed)
	}
	if row := m.origins.storedAs(a); row != 0 && a.stored() {
		return m.verify(ctx, ev, next, a, row)
	}
	return repeated(ev, a)
}

// repeated lets a message count as handled when the first one is.
func repeated(ev *module.Event, a *attempt) (beginning, error) {
	ev.Persist(a)
	return beginning{}, module.ErrHandled
}

// verify looks whether the sender's archive still has what it once stored. It
// has not if somebody else has the name of the account now, or it was cleared.
func (m *Module) verify(ctx context.Context, ev *module.Event, next, old *attempt, row int64) (beginning, error) {
	has, err := m.hasAll(ctx, old.account, []int64{row})
	switch {
	case err != nil:
		return beginning{}, err
	case has:
		return beginning{}, module.ErrHandled
	}
	if a, fresh := m.origins.begin(next, old); !fresh {
		return repeated(ev, a)
	}
	return beginning{origin: old.key.origin, attempt: next}, nil
}

// takeUp decides about a message that was sent in the past: before the start, or
// in vain. If the server was killed between the two sides, or the recipient's
// could not store it, it goes on as if it were new.
func (m *Module) takeUp(ctx context.Context, ev *module.Event, old *attempt, listed bool) (beginning, error) {
	if reached, err := m.reached(ctx, old); err != nil {
		return beginning{}, err
	} else if reached {
		return beginning{}, module.ErrHandled
	}
	known, err := m.hasAll(ctx, old.account, []int64{old.row})
	if err != nil {
		return beginning{}, err
	}
	next := m.begin(ev, old.key.origin, listed && !known)
	if a, fresh := m.origins.begin(next, old); !fresh {
		return repeated(ev, a)
	}
	if known {
		m.origins.stores(next, old.row)
	}
	return beginning{origin: old.key.origin, attempt: next, known: known}, nil
}

// begin makes the attempt for ev, which is done when each of its rows is stored.
func (m *Module) begin(ev *module.Event, origin string, listed bool) *attempt {
	account, peer := ev.From.Bare(), ev.To.Bare()
	a := &attempt{account: account, key: originKey{peer, origin}, stanzaID: ev.ID, done: make(chan struct{})}
	if listed && peer != account {
		a.left++
	}
	if m.isAccount(peer) {
		a.left++
	}
	if a.left == 0 {
		close(a.done)
	}
	return a
}

// isAccount reports whether a bare JID is that of an account of ours, existing
// or not.
func (m *Module) isAccount(j jid.JID) bool { return m.host.IsLocal(j) && j.Local() != "" }

// reached reports whether the recipient's side has the message too. Both sides
// call it the same.
func (m *Module) reached(ctx context.Context, a *attempt) (bool, error) {
	if !m.isAccount(a.key.peer) {
		return false, nil
	}
	if has, err := m.hasAll(ctx, a.key.peer, []int64{a.row}); err != nil || has {
		return has, err
	}
	waiting, err := m.store.UndeliveredOf(ctx, a.key.peer.String(), []int64{a.row})
	if err != nil {
		return false, fmt.Errorf("mam: look for a repeated message: %w", err)
	}
	return len(waiting) > 0, nil
}

// recall reads what the account has sent lately, if that is not known.
func (m *Module) recall(ctx context.Context, account jid.JID) error {
	if m.origins.loaded(account) {
		return nil
	}
	since := storage.MessageID(time.Now().Add(-repeatable))
	rows, err := m.store.RecentOrigins(ctx, account.String(), since, maxOrigins)
	if err != nil {
		return fmt.Errorf("mam: read origin-ids: %w", err)
	}
	m.origins.load(account, rows)
	return nil
}
