package muc

import (
	"context"

	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// formRequest is the FORM_TYPE of requests for voice (§15.5.2).
const formRequest = NS + "#request"

const fieldAllow = "muc#request_allow"

// takeForm is a form that somebody sends to the room: a wish for voice (§7.13),
// or what a moderator or admin answers to a wish (§8.6, §9.9).
func (r *Room) takeForm(ctx context.Context, ev *module.Event) error {
	x := ev.Element(nsData, "x")
	if a, err := readAnswers(x, formRegister); err == nil && len(a) > 0 {
		return r.decideRegistration(ctx, ev, a)
	}
	a, err := readAnswers(x, formRequest)
	if err != nil {
		return err
	}
	if a.has(fieldAllow) {
		return r.grantVoice(ctx, ev, a)
	}
	return r.askForVoice(ctx, ev, a)
}

// askForVoice brings the wish to the moderators (§8.6).
func (r *Room) askForVoice(ctx context.Context, ev *module.Event, a answers) error {
	return r.with(ctx, func() error {
		c := r.clients[ev.From]
		switch {
		case c == nil:
			return stanza.NewError(stanza.NotAcceptable, "you are not in the room")
		case a.one("muc#role") != standing.Participant.String():
			return badRequest("voice is the role of a participant")
		case c.of.role != standing.Visitor:
			return stanza.NewError(stanza.Conflict, "you have voice")
		}
		var to []*seat
		for _, o := range r.occupants {
			if o.role == standing.Moderator {
				to = append(to, o.seats()...)
			}
		}
		st := module.NewStanza(stanza.Message, "", r.jid, ev.From, r.voiceForm(c))
		st.ID = r.service.opts.IDs.Format(r.service.messages.NewMessageID())
		r.sendTo(to, st)
		return nil
	})
}

func (r *Room) voiceForm(c *client) *stanza.Element {
	f := newForm("form", formRequest).say("Voice request", "To approve this request for voice, select the checkbox and submit the form.")
	f.add("list-single", "muc#role", "Requested role", standing.Participant.String())
	f.add("jid-single", "muc#jid", "User ID", c.seat.full.String())
	f.add("text-single", "muc#roomnick", "Room nickname", c.of.nick)
	f.add("boolean", fieldAllow, "Grant voice to this person?", "false")
	return f.x
}

// grantVoice is a moderator's answer (§8.6). Nothing is done if it is no, or if
// nobody is there any more who has asked.
func (r *Room) grantVoice(ctx context.Context, ev *module.Event, a answers) error {
	allow, err := a.yes(fieldAllow)
	if err != nil {
		return err
	}
	return r.with(ctx, func() error {
		me := r.personOf(ev.From)
		if me.Role != standing.Moderator {
			return stanza.NewError(stanza.Forbidden, "")
		}
		o := r.occupants[a.one("muc#roomnick")]
		if !allow || o == nil || o.role != standing.Visitor {
			return nil
		}
		r.setRole(o, standing.Participant, "", "")
		return nil
	})
}
