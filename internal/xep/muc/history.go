package muc

import (
	"context"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// history is the end of what was said, for who enters (§7.2.13).
type history struct{ list []*said }

// said is one message.
type said struct {
	id     int64 // in the archive
	at     time.Time
	by     jid.JID         // the account that said it
	origin string          // XEP-0359 §3.2; empty if there is none
	write  storage.Pending // its way to the archive; nil if that is not known
	stored bool            // it was read from the archive
	live   *module.Stanza  // as it was sent to all
	later  *module.Stanza  // with its time; nil until it is needed
}

// add appends a message and forgets the oldest beyond limit.
func (h *history) add(s *said, limit int) {
	h.list = append(h.list, s)
	if over := len(h.list) - limit; over > 0 {
		h.list = append([]*said(nil), h.list[over:]...)
	}
}

func (h *history) find(id int64) *said {
	for _, s := range h.list {
		if s.id == id {
			return s
		}
	}
	return nil
}

// repeated returns the message that ev brings again, or nil.
func (h *history) repeated(ev *module.Event) *said {
	origin := originID(ev.Stanza)
	if origin == "" {
		return nil
	}
	for i := len(h.list) - 1; i >= 0; i-- {
		if s := h.list[i]; s.origin == origin && s.by == ev.From.Bare() {
			return s
		}
	}
	return nil
}

// forget takes a message out that was retracted (XEP-0424 §5).
func (h *history) forget(id int64) {
	for i, s := range h.list {
		if s.id == id {
			h.list = append(append([]*said(nil), h.list[:i]...), h.list[i+1:]...)
			return
		}
	}
}

// delayed is the message with the stamp of the room.
func (s *said) delayed(room jid.JID) *module.Stanza {
	if s.later == nil {
		st := *s.live
		s.later = fill(&st, payloadWith(s.live, delay(room, s.at)))
	}
	return s.later
}

// stampFormat is the DateTime profile of XEP-0082 §3.2.
const stampFormat = "2006-01-02T15:04:05.000000Z"

func delay(from jid.JID, at time.Time) []byte {
	b := append([]byte(nil), "<delay xmlns='"+nsDelay+"'"...)
	b = stanza.AppendAttr(b, "from", from.String())
	b = stanza.AppendAttr(b, "stamp", at.UTC().Format(stampFormat))
	return append(b, "/>"...)
}

// wanted is how much of the history a client asks for (§7.2.14).
type wanted struct {
	chars, stanzas int // -1: no limit
	since          time.Time
}

func readWanted(e *stanza.Element, now time.Time) (w wanted, err error) {
	w = wanted{chars: -1, stanzas: -1}
	seconds := -1
	for _, n := range []struct {
		name string
		to   *int
	}{{"maxchars", &w.chars}, {"maxstanzas", &w.stanzas}, {"seconds", &seconds}} {
		if v, ok := e.Lookup(n.name); ok {
			if *n.to, err = strconv.Atoi(v); err != nil || *n.to < 0 {
				return w, badRequest(n.name + " is not a number")
			}
		}
	}
	if v, ok := e.Lookup("since"); ok {
		if w.since, err = time.Parse(time.RFC3339Nano, v); err != nil {
			return w, badRequest("since is not a date and time such as 2002-09-10T23:08:25Z")
		}
	}
	if seconds >= 0 {
		if from := now.Add(-time.Duration(seconds) * time.Second); from.After(w.since) {
			w.since = from
		}
	}
	return w, nil
}

// selection returns the newest messages that fit all of what is wanted and the
// room's own limit, as they are to be sent to full.
func (r *Room) selection(w wanted, full jid.JID) []*module.Stanza {
	limit := r.config.History
	if w.stanzas >= 0 {
		limit = min(limit, w.stanzas)
	}
	from, chars := len(r.past.list), 0
	for from > 0 && len(r.past.list)-from < limit {
		s := r.past.list[from-1]
		if s.at.Before(w.since) {
			break
		}
		if w.chars >= 0 {
			if chars += characters(s.delayed(r.jid), full); chars > w.chars {
				break
			}
		}
		from--
	}
	out := make([]*module.Stanza, 0, len(r.past.list)-from)
	for _, s := range r.past.list[from:] {
		out = append(out, s.delayed(r.jid))
	}
	return out
}

// characters counts those of a complete stanza (§7.2.14).
func characters(st *module.Stanza, to jid.JID) int {
	c := *st
	c.To = to
	return utf8.RuneCount(c.AppendTo(nil))
}

// remember reads the end of the archive after a start.
func (r *Room) remember(ctx context.Context) error {
	m := r.service
	if !r.config.Archive {
		return nil
	}
	// What was written before the room was put away is there when this is.
	none := []storage.MessageRef{{Account: r.row.JID}}
	if err := storage.Wait(ctx, m.messages.SettleMessages(none)); err != nil {
		return fmt.Errorf("muc: wait for writes: %w", err)
	}
	rows, _, err := m.messages.Archive(ctx, r.row.JID, storage.ArchiveFilter{}, storage.ArchivePage{Last: true, Max: m.opts.History})
	if err != nil {
		return fmt.Errorf("muc: read history: %w", err)
	}
	for i := range rows {
		if s := r.fromRow(&rows[i]); s != nil {
			r.past.add(s, m.opts.History)
		}
	}
	return nil
}

// fromRow makes a message of its row; nil if it is none for the history.
func (r *Room) fromRow(row *storage.Message) *said {
	from, err := jid.Parse(row.From)
	if err != nil {
		return nil // it was written from an address
	}
	st := &module.Stanza{Kind: stanza.Message, Type: "groupchat", From: from, ID: row.StanzaID, Lang: row.Lang}
	fill(st, append(append([]byte(nil), row.Payload...), r.stamp(row.ID)...))
	if !historic(st) {
		return nil
	}
	by, _ := jid.Parse(row.Peer)
	return &said{id: row.ID, at: row.Received, by: by, origin: row.OriginID, stored: true, live: st}
}

// historic reports whether a message is shown to who enters: it says something,
// and is no change of the subject (§7.2.13, §7.2.15).
func historic(st *module.Stanza) bool {
	return !isSubject(st) && !st.Has(nsRetract, "retracted") && !st.Has(nsRetract, "retract") &&
		(st.Has(stanza.NSClient, "body") || encrypted(st))
}

// encrypted reports whether what is said stands elsewhere than in the body.
func encrypted(st *module.Stanza) bool {
	for i := range st.Children {
		switch string(st.Children[i].Space) {
		case "eu.siacs.conversations.axolotl", "urn:xmpp:omemo:1", "urn:xmpp:omemo:2", "urn:xmpp:openpgp:0", "jabber:x:encrypted":
			return true
		}
	}
	return false
}

// stamp is the stanza-id of a message in the room's archive (XEP-0313 §3.4).
func (r *Room) stamp(id int64) []byte {
	b := append([]byte(nil), "<stanza-id xmlns='"+nsStanzaID+"'"...)
	b = stanza.AppendAttr(b, "id", r.service.opts.IDs.Format(id))
	b = stanza.AppendAttr(b, "by", r.jid.String())
	return append(b, "/>"...)
}
