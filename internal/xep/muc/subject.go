package muc

import (
	"time"

	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
	"parley/storage"
)

// subject is what a room is about (§8.1); id is 0 if nobody has ever said.
type subject struct {
	payload []byte
	by      string // nickname
	id      int64
}

func (s subject) at() time.Time { return storage.MessageTime(s.id) }

// isSubject reports whether a message sets the subject: it has one, and neither
// body nor thread (§8.1).
func isSubject(st *module.Stanza) bool {
	return st.Has(stanza.NSClient, "subject") && !st.Has(stanza.NSClient, "body") && !st.Has(stanza.NSClient, "thread")
}

// maySetSubject: §8.1, muc#roomconfig_changesubject.
func (r *Room) maySetSubject(o *occupant) bool {
	return o.role == standing.Moderator || r.config.ChangeSubject && o.role == standing.Participant
}

// subjectStanza is what who enters is told (§7.2.15).
func (r *Room) subjectStanza() *module.Stanza {
	st := &module.Stanza{Kind: stanza.Message, Type: "groupchat", From: r.jid}
	if r.subject.id == 0 {
		return fill(st, []byte("<subject/>"))
	}
	if from, err := r.jid.WithResource(r.subject.by); err == nil && r.subject.by != "" {
		st.From = from
	}
	b := append([]byte(nil), r.subject.payload...)
	return fill(st, append(b, delay(r.jid, r.subject.at())...))
}

// text is the subject in words.
func (s subject) text() string {
	st := fill(&module.Stanza{}, s.payload)
	return st.Element(stanza.NSClient, "subject").Text()
}
