package muc

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
	"parley/storage"
)

// groupchat brings a message to everybody in the room (§7.4), and to its archive.
func (r *Room) groupchat(ctx context.Context, ev *module.Event) error {
	grave, err := r.retraction(ctx, ev)
	if err != nil {
		return r.refuse(err)
	}
	var u *utterance
	err = r.decide(func() (err error) {
		u, err = r.utter(ev)
		return err
	})
	if u != nil {
		r.store(ctx, ev, u) // before anybody knows of it
	}
	r.deliver(ctx)
	if err != nil || u == nil {
		return r.refuse(err)
	}
	if grave != nil {
		return r.bury(ctx, ev, grave, tombstone(ev.ID, u.said.at))
	}
	return nil
}

// utterance is what somebody has just said.
type utterance struct {
	said    *said
	payload []byte           // without the stanza-id
	row     *storage.Message // nil: it is not archived
	subject *subject         // nil: it is about something
}

// utter checks a message, gives it its id and its place in the order, and puts
// it on its way. It is called with mu held. Without an error and an utterance the
// message was said before.
func (r *Room) utter(ev *module.Event) (*utterance, error) {
	c := r.clients[ev.From]
	if c == nil {
		return nil, stanza.NewError(stanza.NotAcceptable, "you are not in the room") // §7.4
	}
	if old := r.past.repeated(ev); old != nil {
		return nil, r.sayAgain(ev, c, old)
	}
	topic := isSubject(ev.Stanza)
	if err := r.maySpeak(c.of, ev.Stanza, topic); err != nil {
		return nil, err
	}
	u := &utterance{said: &said{by: c.of.account, origin: originID(ev.Stanza)}}
	r.write(c, ev.Stanza, u)
	if historic(u.said.live) {
		r.past.add(u.said, r.service.opts.History)
	}
	if topic {
		u.subject = &subject{u.payload, c.of.nick, u.said.id}
		r.subject = *u.subject
	}
	r.sendAll(u.said.live)
	return u, nil
}

// write makes what is sent to all, with the id of the sender (XEP-0421 §3.2),
// and what is archived, to which the stanza-id is added when it is read.
func (r *Room) write(c *client, st *module.Stanza, u *utterance) {
	s := u.said
	s.id = r.service.messages.NewMessageID()
	s.at = storage.MessageTime(s.id)
	clean := r.stripMessage(st)
	live := &module.Stanza{Kind: stanza.Message, Type: "groupchat", From: c.of.jid, ID: st.ID, Lang: st.Lang}
	if live.ID == "" { // §7.4: clients tell copies by it
		live.ID = r.service.opts.IDs.Format(s.id)
	}
	kept := payloadWith(clean, appendOccupantID(nil, c.of.id))
	u.payload = kept
	if r.lasting(clean) {
		u.row = r.rowOf(s, live, kept)
		u.row.Peer, u.row.PeerResource = c.of.account.String(), c.seat.full.Resource()
		kept = append(kept[:len(kept):len(kept)], r.stamp(s.id)...)
	}
	s.live = fill(live, kept)
}

func (r *Room) rowOf(s *said, st *module.Stanza, payload []byte) *storage.Message {
	return &storage.Message{
		ID: s.id, Account: r.row.JID, Received: s.at, From: st.From.String(), StanzaID: st.ID,
		OriginID: s.origin, Type: st.Type, Lang: st.Lang, Payload: payload, Listed: true,
	}
}

// lasting reports whether a message goes to the archive (XEP-0313 §6.1.2).
func (r *Room) lasting(st *module.Stanza) bool {
	return r.config.Archive && (isSubject(st) || r.service.archive.Lasting(st))
}

// store has what was said counted as handled when it is in the archive.
func (r *Room) store(ctx context.Context, ev *module.Event, u *utterance) {
	m := r.service
	if u.row != nil {
		p := m.messages.AppendMessage(ctx, *u.row, storage.Append{Unit: ev.Unit})
		ev.Persist(p)
		r.mu.Lock()
		u.said.write = p
		r.mu.Unlock()
		p.Then(func() {
			if p.Err() != nil {
				r.unsay(u.said)
			}
		})
	}
	if s := u.subject; s != nil {
		ev.Persist(m.store.SetRoomSubject(ctx, r.row.JID, storage.RoomSubject{Payload: s.payload, By: s.by, ID: s.id}))
	}
}

// unsay forgets what could not be stored, so that it can be sent again.
func (r *Room) unsay(s *said) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.past.forget(s.id)
}

// sayAgain answers a client that sends again what it does not know to have
// arrived: it alone is shown it once more (XEP-0359 §3.2).
func (r *Room) sayAgain(ev *module.Event, c *client, s *said) error {
	switch {
	case s.write != nil:
		ev.Persist(s.write)
	case !s.stored:
		return stanza.NewError(stanza.ResourceConstraint, "the message is on its way")
	}
	r.sendTo([]*seat{c.seat}, s.live)
	return nil
}

// maySpeak: §7.4, §8.1, XEP-0500 §6.
func (r *Room) maySpeak(o *occupant, st *module.Stanza, topic bool) error {
	switch {
	case topic && !r.maySetSubject(o):
		return stanza.NewError(stanza.Forbidden, "")
	case topic:
		return nil
	case o.role < standing.Participant:
		return stanza.NewError(stanza.Forbidden, "you have no voice")
	case o.role == standing.Moderator || r.config.SlowMode == 0 || !st.Has(stanza.NSClient, "body"):
		return nil
	}
	now, pause := r.service.opts.Now(), time.Duration(r.config.SlowMode)*time.Second
	if now.Before(r.spoken[o.account].Add(pause)) {
		return &stanza.Error{Type: stanza.Wait, Condition: stanza.PolicyViolation,
			Text: fmt.Sprintf("you have to wait %s seconds between messages", strconv.Itoa(r.config.SlowMode))}
	}
	if r.spoken[o.account] = now; len(r.spoken) > 2*len(r.occupants) {
		maps.DeleteFunc(r.spoken, func(_ jid.JID, at time.Time) bool { return !now.Before(at.Add(pause)) })
	}
	return nil
}

// originID is what the sender's client calls the message (XEP-0359 §3.2).
func originID(st *module.Stanza) string {
	const longest = 256 // bytes; clients use UUIDs
	id := st.Element(nsStanzaID, "origin-id").Attr("id")
	if len(id) > longest {
		return ""
	}
	return id
}
