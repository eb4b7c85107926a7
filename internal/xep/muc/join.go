package muc

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"strings"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// entry is a request to enter a room (§7.2).
type entry struct {
	*module.Event
	at       jid.JID // room@service/nick
	password string
	want     wanted
	created  bool // the room was made for it
}

// join lets a client in, and makes the room if there is none (§7.2.11, §10.1).
func (m *Module) join(ctx context.Context, ev *module.Event) error {
	e := &entry{Event: ev, at: ev.To}
	x := ev.Element(NS, "x")
	e.password = x.Child(NS, "password").Text()
	var err error
	if e.want, err = readWanted(x.Child(NS, "history"), m.opts.Now()); err != nil {
		return err
	}
	if strings.TrimSpace(e.at.Resource()) == "" { // §17.1: invisible nicknames
		return notAcceptable("the nickname has nothing to see")
	}
	for {
		r, err := m.find(ctx, ev.To.Bare())
		if r == nil && err == nil {
			r, err = m.create(ctx, ev.To.Bare(), ev.From.Bare())
			e.created = true
		}
		if err != nil {
			return err
		}
		if r == nil {
			e.created = false
			continue // somebody else has made it
		}
		if err = r.join(ctx, e); !errors.Is(err, errGone) {
			return r.refuse(err)
		}
	}
}

func (r *Room) join(ctx context.Context, e *entry) error {
	err := r.visit(ctx, e)
	if err != nil && e.created {
		r.abandonTemporary()
	}
	return err
}

// visit counts the client as one of the account's in this room, unless it counts
// already or cannot enter.
func (r *Room) visit(ctx context.Context, e *entry) error {
	account, again := e.From.Bare(), false
	if !r.service.visits.begin(account, r, r.service.opts.RoomsPerUser) {
		return stanza.NewError(stanza.ResourceConstraint, "you are in too many rooms")
	}
	err := r.with(ctx, func() (err error) {
		again, err = r.admit(e)
		return err
	})
	if err != nil || again {
		r.service.visits.end(account, r)
	}
	return err
}

// admit lets a client in or says why not. again tells that it was in already,
// and is told everything anew (§17.3). It is called with mu held.
func (r *Room) admit(e *entry) (again bool, err error) {
	if c := r.clients[e.From]; c != nil {
		return true, r.resume(e, c)
	}
	codes, err := r.mayEnter(e)
	if err != nil {
		return false, err
	}
	o := r.occupants[e.at.Resource()]
	others := o != nil
	if o == nil {
		o = r.newOccupant(e.at, e.From.Bare())
	}
	before := r.everybody
	c := r.enter(o, e.From, e.Session, r.stripPresence(e.Stanza))
	r.greet(c, e, codes)
	if others {
		r.tellSelf(exceptSeat(o.seats(), c.seat), noticeOf(o))
	}
	r.tellThose(before, o, noticeOf(o), r.config.shows(o.role))
	return false, nil
}

func exceptSeat(list []*seat, not *seat) (out []*seat) {
	for _, s := range list {
		if s != not {
			out = append(out, s)
		}
	}
	return out
}

// resume treats the request of a client that is in the room already: it has
// lost track and gets everything that it would on entering (§7.2.2, §17.3).
func (r *Room) resume(e *entry, c *client) error {
	if e.at.Resource() != c.of.nick {
		if err := r.rename(e.Stanza, e.at, c); err != nil {
			return err
		}
	}
	o, old := c.of, c.presence
	if r.note(c, e.Stanza); !bytes.Equal(old.Payload, c.presence.Payload) {
		r.tellSelf(exceptSeat(o.seats(), c.seat), noticeOf(o))
		r.tellOthers(o, noticeOf(o), r.config.shows(o.role))
	}
	r.greet(c, e, nil)
	return nil
}

// greet tells a client who is there, that it is there itself, what was said, and
// what the room is about: in this order (§7.1).
func (r *Room) greet(c *client, e *entry, codes []int) {
	to := []*seat{c.seat}
	for _, o := range r.occupants {
		if o != c.of && r.config.shows(o.role) {
			d := delivery{to: to}
			d.public, d.full = r.shown(o)
			r.out.list = append(r.out.list, d)
		}
	}
	n := noticeOf(c.of)
	n.id, n.selfCodes = e.ID, r.entryCodes(codes)
	r.tellSelf(to, n)
	for _, st := range r.selection(e.want, e.From) {
		r.sendTo(to, st)
	}
	r.sendTo(to, r.subjectStanza())
}

// entryCodes adds what a client is to know of the room (§7.2.3, §7.2.12).
func (r *Room) entryCodes(codes []int) []int {
	if !r.config.anonymous() {
		codes = append(codes, statusNonAnonymous)
	}
	if r.config.Logging {
		codes = append(codes, statusLogged)
	}
	return codes
}

// mayEnter goes through what may keep a client out (§7.2.17), and gives it the
// nickname that it is to have.
func (r *Room) mayEnter(e *entry) (codes []int, err error) {
	account := e.From.Bare()
	me := r.memberOf(account)
	if e.created {
		codes = append(codes, statusCreated)
	}
	switch {
	case r.locked && me.affiliation != standing.Owner: // §7.2.10
		return nil, stanza.NewError(stanza.ItemNotFound, "")
	case me.affiliation == standing.Outcast: // §7.2.7
		return nil, stanza.NewError(stanza.Forbidden, "")
	case !r.config.kind().Enters(me.affiliation): // §7.2.6
		return nil, stanza.NewError(stanza.RegistrationRequired, "")
	case !r.rightPassword(e.password): // §7.2.5
		return nil, stanza.NewError(stanza.NotAuthorized, "")
	}
	if r.config.LockNicks && me.nick != "" && me.nick != e.at.Resource() { // §7.2.2
		if e.at, err = r.jid.WithResource(me.nick); err != nil {
			return nil, err
		}
		codes = append(codes, statusNickChanged)
	}
	if err := r.mayUse(e.at.Resource(), account); err != nil {
		return nil, err
	}
	if r.occupants[e.at.Resource()] == nil && r.isFull(me.affiliation) { // §7.2.9
		return nil, &stanza.Error{Type: stanza.Wait, Condition: stanza.ServiceUnavailable, Text: "the room is full"}
	}
	return codes, nil
}

func (r *Room) rightPassword(given string) bool {
	return !r.config.PasswordProtected || subtle.ConstantTimeCompare([]byte(given), []byte(r.config.Password)) == 1
}

// mayUse: a nickname is free for an account if nobody else has or reserves it
// (§7.2.8, §7.12).
func (r *Room) mayUse(nick string, account jid.JID) error {
	o := r.occupants[nick]
	owner, reserved := r.nicks[nick]
	if o != nil && o.account != account || reserved && owner != account.String() {
		return stanza.NewError(stanza.Conflict, "")
	}
	return nil
}

// extraSeats are for admins and owners when a room is full (§7.2.9).
const extraSeats = 10

func (r *Room) isFull(a standing.Affiliation) bool {
	limit := r.service.opts.Occupants
	if r.config.MaxUsers > 0 {
		limit = min(limit, r.config.MaxUsers)
	}
	if a >= standing.Admin {
		limit += extraSeats
	}
	return len(r.occupants) >= limit
}
