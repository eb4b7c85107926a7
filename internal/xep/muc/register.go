package muc

import (
	"context"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// formRegister is the FORM_TYPE of registration (§15.5.1).
const formRegister = NS + "#register"

const (
	fieldNick    = "muc#register_roomnick"
	fieldPermit  = "muc#register_allow"
	fieldAccount = "{urn:x-parley:muc}jid"
)

// maxWishes is how many requests for membership wait in one room.
const maxWishes = 100

// getRegistration shows what is needed to become a member (§7.10).
func (r *Room) getRegistration(_ context.Context, iq *request) (*stanza.Element, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	me := r.memberOf(iq.From.Bare())
	query := stanza.New(nsRegister, "query")
	if me.affiliation >= standing.Member && me.nick != "" {
		return query.Add(stanza.New(nsRegister, "registered"), stanza.New(nsRegister, "username").AddText(me.nick)), nil
	}
	if !r.mayRegister(me) {
		return nil, stanza.NewError(stanza.NotAllowed, "")
	}
	f := newForm("form", formRegister).say("Registration with "+r.jid.String(), "Choose the nickname that is to be yours in this room.")
	f.add("text-single", fieldNick, "Nickname", me.nick).Add(stanza.New(nsData, "required"))
	return query.Add(stanza.New(nsRegister, "instructions").AddText("Fill in the form."), f.x), nil
}

// mayRegister: who is banned may not, nor may anybody where owners do not want it.
func (r *Room) mayRegister(me member) bool {
	return !r.locked && me.affiliation >= standing.Unaffiliated && (r.config.Registration || me.affiliation >= standing.Member)
}

// setRegistration makes a member of who registers, or asks the admins if it is
// theirs to decide (§7.10, §9.9).
func (r *Room) setRegistration(ctx context.Context, iq *request) (*stanza.Element, error) {
	account := iq.From.Bare()
	if iq.Request.Child(nsRegister, "remove") != nil {
		return nil, r.unregister(ctx, account)
	}
	a, err := readAnswers(iq.Request.Child(nsData, "x"), formRegister)
	if err != nil {
		return nil, err
	}
	at, err := r.jid.WithResource(a.one(fieldNick))
	if err != nil || at.IsBare() {
		return nil, badRequest("a nickname is needed")
	}
	if err := r.take(ctx); err != nil {
		return nil, err
	}
	defer r.give()
	c, ask, err := r.registering(account, at.Resource())
	switch {
	case err != nil:
		return nil, err
	case ask:
		return nil, r.askAdmins(ctx, iq, at.Resource())
	}
	return nil, r.affiliateNow(ctx, []change{c}, "", nil)
}

// registering is what registration makes of an account, and whether an admin is
// asked first: where membership lets in or gives voice.
func (r *Room) registering(account jid.JID, nick string) (c change, ask bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	me := r.memberOf(account)
	if !r.mayRegister(me) {
		return c, false, stanza.NewError(stanza.NotAllowed, "")
	}
	if err := r.mayUse(nick, account); err != nil {
		return c, false, err // §7.10: conflict
	}
	c = change{account.String(), member{affiliation: max(me.affiliation, standing.Member), nick: nick}}
	return c, me.affiliation < standing.Member && (r.config.MembersOnly || r.config.Moderated), nil
}

// unregister: an owner stays one, and only loses the nickname.
func (r *Room) unregister(ctx context.Context, account jid.JID) error {
	if err := r.take(ctx); err != nil {
		return err
	}
	defer r.give()
	r.mu.Lock()
	me := r.memberOf(account)
	r.mu.Unlock()
	to := member{affiliation: me.affiliation}
	switch {
	case me.affiliation < standing.Member:
		return stanza.NewError(stanza.RegistrationRequired, "") // XEP-0077 §3.2
	case me.affiliation == standing.Member:
		to.affiliation = standing.Unaffiliated
	}
	return r.affiliateNow(ctx, []change{{account.String(), to}}, "", nil)
}

// askAdmins shows the wish to the admins who are there (§9.9).
func (r *Room) askAdmins(ctx context.Context, iq *request, nick string) error {
	return r.with(ctx, func() error {
		account := iq.From.Bare()
		if _, known := r.wishes[account]; !known && len(r.wishes) >= maxWishes {
			return stanza.NewError(stanza.ResourceConstraint, "too many wait for an answer")
		}
		r.wishes[account] = nick
		var to []*seat
		for _, o := range r.occupants {
			if o.affiliation >= standing.Admin {
				to = append(to, o.seats()...)
			}
		}
		st := module.NewStanza(stanza.Message, "", r.jid, iq.From, registrationForm(account, nick))
		st.ID = r.service.opts.IDs.Format(r.service.messages.NewMessageID())
		r.sendTo(to, st)
		return nil
	})
}

func registrationForm(account jid.JID, nick string) *stanza.Element {
	f := newForm("form", formRegister).say("Registration request", "To approve this registration request, select the checkbox and submit the form.")
	f.add("jid-single", fieldAccount, "User ID", account.String())
	f.add("text-single", fieldNick, "Desired nickname", nick)
	f.add("boolean", fieldPermit, "Allow this person to register with the room?", "0")
	return f.x
}

// decideRegistration is an admin's answer (§9.9).
func (r *Room) decideRegistration(ctx context.Context, ev *module.Event, a answers) error {
	allow, err := a.yes(fieldPermit)
	if err != nil {
		return err
	}
	if err := r.take(ctx); err != nil {
		return err
	}
	defer r.give()
	c, err := r.wished(ev.From, a)
	if err != nil || !allow {
		return err
	}
	return r.affiliateNow(ctx, []change{c}, "", nil)
}

// wished takes a wish off the list.
func (r *Room) wished(admin jid.JID, a answers) (c change, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.affiliationOf(admin.Bare()) < standing.Admin {
		return c, stanza.NewError(stanza.Forbidden, "")
	}
	account, err := jid.Parse(a.one(fieldAccount))
	if err != nil {
		return c, stanza.NewError(stanza.JIDMalformed, "")
	}
	nick, ok := r.wishes[account]
	if !ok {
		return c, stanza.NewError(stanza.ItemNotFound, "nobody waits for that")
	}
	delete(r.wishes, account)
	if err := r.mayUse(nick, account); err != nil {
		nick = "" // somebody else has it meanwhile
	}
	return change{account.String(), member{affiliation: standing.Member, nick: nick}}, nil
}
