package muc

import (
	"context"
	"fmt"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
	"parley/storage"
)

// retraction returns the message that ev takes back (XEP-0424 §4), or nil if it
// takes none back that the archive has. Only its author may.
func (r *Room) retraction(ctx context.Context, ev *module.Event) (*storage.Message, error) {
	if !ev.Has(nsRetract, "retract") {
		return nil, nil
	}
	row, err := r.lookUp(ctx, ev.Element(nsRetract, "retract").Attr("id"))
	if err != nil || row == nil {
		return nil, err
	}
	if row.Peer != ev.From.Bare().String() {
		return nil, stanza.NewError(stanza.Forbidden, "it is not your message")
	}
	return row, nil
}

// lookUp returns the message of a stanza-id, or nil if there is none that can
// still be taken back.
func (r *Room) lookUp(ctx context.Context, id string) (*storage.Message, error) {
	n, ok := r.service.opts.IDs.Parse(id)
	if !ok {
		return nil, nil
	}
	m := r.service.messages
	if err := storage.Wait(ctx, r.written(n)); err != nil {
		return nil, fmt.Errorf("muc: wait for writes: %w", err)
	}
	rows, _, err := m.Archive(ctx, r.row.JID, storage.ArchiveFilter{IDs: []int64{n}}, storage.ArchivePage{Max: 1})
	switch {
	case err != nil:
		return nil, fmt.Errorf("muc: look for a message: %w", err)
	case len(rows) == 0 || isTombstone(rows[0].Payload):
		return nil, nil
	}
	return &rows[0], nil
}

// written is complete when a message that was said can be read.
func (r *Room) written(id int64) storage.Pending {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.past.find(id); s != nil && s.write != nil {
		return s.write
	}
	return r.service.messages.SettleMessages([]storage.MessageRef{{Account: r.row.JID}})
}

func isTombstone(payload []byte) bool {
	return fill(&module.Stanza{}, payload).Has(nsRetract, "retracted")
}

// bury puts a tombstone in the place of a message, which keeps only the id of
// its author (XEP-0424 §5, XEP-0425 §5).
func (r *Room) bury(ctx context.Context, ev *module.Event, row *storage.Message, stone *stanza.Element) error {
	r.mu.Lock()
	r.past.forget(row.ID)
	r.mu.Unlock()
	buried := *row
	author, _ := jid.Parse(row.Peer) // it was written from an address
	buried.Payload = stone.Append(appendOccupantID(nil, r.occupantID(author)), stanza.NSClient)
	ev.Persist(r.service.messages.ReplaceMessage(ctx, buried))
	return nil
}

// tombstone names the retraction and its time.
func tombstone(id string, at time.Time) *stanza.Element {
	e := stanza.New(nsRetract, "retracted", "stamp", at.Format(stampFormat))
	if id != "" {
		e.Set("id", id)
	}
	return e
}

// moderate takes back somebody else's message (XEP-0425 §4).
func (r *Room) moderate(ctx context.Context, iq *request) (*stanza.Element, error) {
	if iq.Request.Child(nsRetract, "retract") == nil {
		return nil, stanza.NewError(stanza.FeatureNotImplemented, "")
	}
	if !r.isModerator(iq.From) {
		return nil, stanza.NewError(stanza.Forbidden, "only moderators may do that")
	}
	row, err := r.lookUp(ctx, iq.Request.Attr("id"))
	if err != nil {
		return nil, err
	}
	if row == nil || row.From == r.row.JID {
		return nil, stanza.NewError(stanza.ItemNotFound, "there is no such message")
	}
	return nil, r.announceModeration(ctx, iq, row)
}

func (r *Room) isModerator(full jid.JID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.personOf(full).Role == standing.Moderator
}

func (r *Room) announceModeration(ctx context.Context, iq *request, row *storage.Message) error {
	reason := iq.Request.Child(nsModerate, "reason").Text()
	var u *utterance
	var by *stanza.Element
	err := r.with(ctx, func() error {
		c := r.clients[iq.From]
		if c == nil {
			return stanza.NewError(stanza.Forbidden, "") // it has left meanwhile
		}
		by = moderatedBy(c.of)
		retract := stanza.New(nsRetract, "retract", "id", iq.Request.Attr("id")).Add(by, reasonElement(nsRetract, reason))
		u = r.announce(c.of, retract)
		r.past.forget(row.ID)
		return nil
	})
	if err != nil {
		return err
	}
	r.store(ctx, iq.Event, u)
	return r.bury(ctx, iq.Event, row, tombstone("", u.said.at).Add(by, reasonElement(nsRetract, reason)))
}

// announce has the room itself say something that goes to the archive, on behalf
// of an occupant.
func (r *Room) announce(o *occupant, what *stanza.Element) *utterance {
	s := &said{id: r.service.messages.NewMessageID(), by: o.account}
	s.at = storage.MessageTime(s.id)
	st := &module.Stanza{Kind: stanza.Message, Type: "groupchat", From: r.jid, ID: r.service.opts.IDs.Format(s.id)}
	payload := what.Bytes()
	u := &utterance{said: s, payload: payload}
	if r.config.Archive {
		u.row = r.rowOf(s, st, payload)
		u.row.Peer = r.row.JID
		payload = append(payload[:len(payload):len(payload)], r.stamp(s.id)...)
	}
	s.live = fill(st, payload)
	r.sendAll(s.live)
	return u
}

func moderatedBy(o *occupant) *stanza.Element {
	return stanza.New(nsModerate, "moderated", "by", o.jid.String()).Add(stanza.New(nsOccupantID, "occupant-id", "id", o.id))
}

// reasonElement is nil if there is no reason.
func reasonElement(space, reason string) *stanza.Element {
	if reason == "" {
		return nil
	}
	return stanza.New(space, "reason").AddText(reason)
}
