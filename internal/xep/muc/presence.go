package muc

import (
	"strconv"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// Status codes (XEP-0045 §15.6.2).
const (
	statusNonAnonymous  = 100
	statusConfigChanged = 104
	statusSelf          = 110
	statusLogged        = 170
	statusNotLogged     = 171
	statusNowOpen       = 172 // non-anonymous
	statusNowAnonymous  = 173 // semi-anonymous
	statusCreated       = 201
	statusNickChanged   = 210 // by the service
	statusBanned        = 301
	statusNewNick       = 303
	statusKicked        = 307
	statusNoMember      = 321
	statusMembersOnly   = 322
	statusFailed        = 333
)

// notice is what a room says about an occupant in a presence stanza.
type notice struct {
	from jid.JID
	typ  string         // "" or "unavailable"
	id   string         // what the client has given its request
	said *module.Stanza // what the occupant's client says; nil: nothing
	item item
	// codes are told to everybody, selfCodes only to the occupant.
	codes, selfCodes []int
	occupantID       string
	hats             []byte
	extra            []byte // in the end of x
}

// item is the element of that name (XEP-0045 §17.3).
type item struct {
	affiliation standing.Affiliation
	role        standing.Role
	full        jid.JID // told to who may know it
	nick        string
	actor       string // nickname
	reason      string
}

// noticeOf says what an occupant is, with what its shown client says.
func noticeOf(o *occupant) notice {
	n := notice{
		from: o.jid, occupantID: o.id, hats: o.hats,
		item: item{affiliation: o.affiliation, role: o.role},
	}
	if len(o.clients) > 0 {
		c := o.main()
		n.said, n.item.full = c.presence, c.seat.full
	}
	return n
}

// leaving is noticeOf for who leaves.
func leaving(o *occupant, codes ...int) notice {
	n := noticeOf(o)
	n.typ, n.said, n.hats, n.item.role, n.codes = unavailable, nil, nil, standing.NoRole, codes
	return n
}

const unavailable = "unavailable"

// stanza writes it for who sees real addresses, or not, and for the occupant.
func (n *notice) stanza(full, self bool) *module.Stanza {
	st := &module.Stanza{Kind: stanza.Presence, From: n.from, Type: n.typ}
	var b []byte
	if n.said != nil {
		st.Lang = n.said.Lang
		b = append(make([]byte, 0, len(n.said.Payload)+256), n.said.Payload...)
	}
	b = append(b, "<x xmlns='"+NSUser+"'>"...)
	b = n.item.append(b, full)
	for _, code := range n.codes {
		b = appendStatus(b, code)
	}
	if self {
		st.ID = n.id
		b = appendStatus(b, statusSelf)
		for _, code := range n.selfCodes {
			b = appendStatus(b, code)
		}
	}
	b = append(b, n.extra...)
	b = append(b, "</x>"...)
	if n.occupantID != "" {
		b = appendOccupantID(b, n.occupantID)
	}
	b = append(b, n.hats...)
	st.Payload = b
	return st
}

func appendStatus(b []byte, code int) []byte {
	b = append(b, "<status code='"...)
	b = strconv.AppendInt(b, int64(code), 10)
	return append(b, "'/>"...)
}

func (i *item) append(b []byte, full bool) []byte {
	b = append(b, "<item"...)
	b = stanza.AppendAttr(b, "affiliation", i.affiliation.String())
	b = stanza.AppendAttr(b, "role", i.role.String())
	if full && !i.full.IsZero() {
		b = stanza.AppendAttr(b, "jid", i.full.String())
	}
	if i.nick != "" {
		b = stanza.AppendAttr(b, "nick", i.nick)
	}
	if i.actor == "" && i.reason == "" {
		return append(b, "/>"...)
	}
	b = append(b, '>')
	if i.actor != "" {
		b = append(b, "<actor"...)
		b = stanza.AppendAttr(b, "nick", i.actor)
		b = append(b, "/>"...)
	}
	if i.reason != "" {
		b = append(b, "<reason>"...)
		b = stanza.AppendText(b, i.reason)
		b = append(b, "</reason>"...)
	}
	return append(b, "</item>"...)
}

// tell has a notice about o delivered: to o's clients with status code 110, and
// to everybody else if presence of that role is shown. It is called with mu held.
func (r *Room) tell(o *occupant, n notice, shown bool) {
	r.tellSelf(o.seats(), n)
	r.tellOthers(o, n, shown)
}

func (r *Room) tellSelf(seats []*seat, n notice) {
	if len(seats) > 0 {
		r.out.list = append(r.out.list, delivery{to: seats, public: n.stanza(false, true), full: n.stanza(true, true)})
	}
}

func (r *Room) tellOthers(o *occupant, n notice, shown bool) { r.tellThose(r.everybody, o, n, shown) }

func (r *Room) tellThose(to []*seat, o *occupant, n notice, shown bool) {
	if shown && len(to) > 0 {
		d := delivery{to: to, except: o}
		d.public, d.full = r.both(n)
		r.out.list = append(r.out.list, d)
	}
}

// both writes what is needed of the two forms of a notice: in a room that hides
// nobody all see the same.
func (r *Room) both(n notice) (public, full *module.Stanza) {
	full = n.stanza(true, false)
	if !r.config.anonymous() {
		return full, full
	}
	return n.stanza(false, false), full
}

// shown returns how others see an occupant who stays as it is, written once.
func (r *Room) shown(o *occupant) (public, full *module.Stanza) {
	if o.shown.full == nil {
		o.shown.public, o.shown.full = r.both(noticeOf(o))
	}
	return o.shown.public, o.shown.full
}

// update tells everybody what an occupant is now.
func (r *Room) update(o *occupant, n notice) {
	o.forgetShown()
	r.tell(o, n, r.config.shows(o.role))
}
