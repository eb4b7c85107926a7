package mam

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
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
// when the first one is, and goes no further.
func (m *Module) first(ctx context.Context, ev *module.Event) (beginning, error) {
	origin := originID(ev.Stanza)
	if origin == "" {
		return beginning{}, nil
	}
	if err := m.recall(ctx, ev.From.Bare()); err != nil {
		return beginning{}, err
	}
	next := newAttempt(ev, origin)
	for old := (*attempt)(nil); ; {
		known := next.sent != 0
		a, fresh := m.origins.begin(next, old)
		if fresh {
			ev.Finally(func(whole bool) { m.wentItsWay(next, whole) })
			return beginning{origin: origin, attempt: next, known: known}, nil
		}
		stands, row, err := m.stands(ctx, a, ev.ID)
		switch {
		case err != nil:
			return beginning{}, err
		case stands:
			a.wayGone(ctx)
			ev.Persist(a)
			return beginning{}, module.ErrHandled
		}
		old, next.sent = a, row
	}
}

// errCutShort is the outcome of a message that not all handlers have seen.
var errCutShort = errors.New("mam: a handler of the message panicked")

// wentItsWay says that nothing will be added to what a has. The recipient's side
// need not have a message that was cut short, so that it may be sent again.
func (m *Module) wentItsWay(a *attempt, whole bool) {
	close(a.went)
	var err error
	if !whole {
		err = errCutShort
	}
	m.origins.settle(a, err)
}

// newAttempt makes the attempt for ev. It is done when the message has gone its
// way and all rows that it got on it are stored.
func newAttempt(ev *module.Event, origin string) *attempt {
	return &attempt{
		account: ev.From.Bare(), key: originKey{ev.To.Bare(), origin}, stanzaID: ev.ID,
		left: 1, done: make(chan struct{}), went: make(chan struct{}),
	}
}

// stands reports whether a is to be taken for the message that came again, with
// that id attribute. If not, row is what the sender's archive has of it, or 0.
func (m *Module) stands(ctx context.Context, a *attempt, stanzaID string) (stands bool, row int64, err error) {
	if a.row != 0 {
		return m.pastStands(ctx, a, stanzaID)
	}
	row = m.origins.storedAs(a)
	if row == 0 || !a.stored() {
		return true, 0, nil
	}
	// If the archive does not have it any more, somebody else has the name of
	// the account now, or it was cleared.
	stands, err = m.hasAll(ctx, a.account, []int64{row})
	return stands, 0, err
}

// pastStands decides about what was sent before the start, or in vain. If the
// server was killed between the two sides, or the recipient's could not store
// it, the message goes on as if it were new.
func (m *Module) pastStands(ctx context.Context, a *attempt, stanzaID string) (stands bool, row int64, err error) {
	if stands, err = m.reached(ctx, a, stanzaID); err != nil || stands {
		return stands, 0, err
	}
	known, err := m.hasAll(ctx, a.account, []int64{a.row})
	if !known {
		return false, 0, err
	}
	return false, a.row, err
}

// isAccount reports whether a bare JID is that of an account of ours, existing
// or not.
func (m *Module) isAccount(j jid.JID) bool { return m.host.IsLocal(j) && j.Local() != "" }

// reached reports whether the recipient's side has the message too: under the
// sender's id, or under one of its own if it got it when the message came again.
func (m *Module) reached(ctx context.Context, a *attempt, stanzaID string) (bool, error) {
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
	if len(waiting) > 0 {
		return true, nil
	}
	return m.cameAgain(ctx, a, stanzaID)
}

// cameAgain looks in the recipient's archive for the newest message with that id
// attribute. Clients use such ids again: it is the one only with its origin-id.
func (m *Module) cameAgain(ctx context.Context, a *attempt, stanzaID string) (bool, error) {
	if stanzaID == "" {
		return false, nil
	}
	row, err := m.store.FindMessage(ctx, a.key.peer.String(), a.account.String(), stanzaID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("mam: look for a repeated message: %w", err)
	}
	children, err := stanza.ScanPayload(row.Payload, nil)
	if err != nil || row.Outgoing || row.ID < a.row {
		return false, nil //nolint:nilerr // what cannot be read is not the one
	}
	return originID(&module.Stanza{ID: row.StanzaID, Payload: row.Payload, Children: children}) == a.key.origin, nil
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
