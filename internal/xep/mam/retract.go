package mam

import (
	"context"
	"errors"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// retract replaces what a retraction takes back by a tombstone, in the archive
// that just got the retraction as row (XEP-0424 §4). The retraction itself stays.
// A failure is ours: the clients are told all the same.
func (m *Module) retract(ctx context.Context, ev *module.Event, row *storage.Message) error {
	if !ev.Has(NSRetract, "retract") || row.StanzaID == "" {
		return nil
	}
	id := ev.Element(NSRetract, "retract").Attr("id")
	if id == "" {
		return nil
	}
	if err := m.bury(ctx, ev, row, id); err != nil {
		m.logger().Error("retraction", "jid", row.Account, "err", err)
	}
	return nil
}

func (m *Module) bury(ctx context.Context, ev *module.Event, row *storage.Message, id string) error {
	// What was sent just before is stored when the retraction is.
	if ev.Unit != nil {
		m.store.Submit(ctx, ev.Unit, nil)
	}
	for _, p := range ev.Pending() {
		if storage.Wait(ctx, p) != nil {
			return nil // the sender is told
		}
	}
	old, err := m.store.FindMessage(ctx, row.Account, row.Peer, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !retractable(&old, row) {
		return nil
	} else if err != nil {
		return err
	}
	old.Payload = tombstone(row)
	ev.Persist(m.store.ReplaceMessage(ctx, old))
	return nil
}

// retractable: only the author takes a message back (XEP-0424 §5), and what is
// taken back once stays as it is.
func retractable(old, row *storage.Message) bool {
	return old.ID != row.ID && bare(old.From) == bare(row.From) && !isTombstone(old.Payload)
}

func bare(s string) jid.JID {
	j, err := jid.Parse(s) // it was written from an address
	if err != nil {
		return jid.JID{}
	}
	return j.Bare()
}

// tombstone names the retraction and its time (XEP-0424 §4).
func tombstone(row *storage.Message) []byte {
	return stanza.New(NSRetract, "retracted", "id", row.StanzaID, "stamp", formatTime(row.Received)).Bytes()
}

func isTombstone(payload []byte) bool {
	children, err := stanza.ScanPayload(payload, nil)
	return err == nil && len(children) == 1 && children[0].Is(NSRetract, "retracted")
}
