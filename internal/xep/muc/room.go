package muc

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"parley/internal/jid"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
	"parley/storage"
)

// Room is one room.
type Room struct {
	service *Module      // fixed
	jid     jid.JID      // fixed, bare
	row     storage.Room // fixed but for what config and subject hold

	// turn is held over a change that is stored before it is told. Who takes it
	// holds no lock.
	turn chan struct{}

	mu        sync.Mutex
	gone      bool                  // guarded by mu: destroyed or put away; look again
	locked    bool                  // guarded by mu: waits for its first configuration (§10.1)
	config    Config                // guarded by mu
	members   map[string]member     // guarded by mu: by bare JID or domain
	nicks     map[string]string     // guarded by mu: reserved nickname to JID
	occupants map[string]*occupant  // guarded by mu: by nickname
	clients   map[jid.JID]*client   // guarded by mu: by full JID
	everybody []*seat               // guarded by mu: all that are in the room; never changed in place
	past      history               // guarded by mu
	subject   subject               // guarded by mu
	vcard     []byte                // guarded by mu
	asked     queries               // guarded by mu
	invited   map[jid.JID]jid.JID   // guarded by mu: who by whom, to know who may decline
	wishes    map[jid.JID]string    // guarded by mu: who asks to be a member, with nickname
	spoken    map[jid.JID]time.Time // guarded by mu: when each account has spoken, for slow mode
	out       outbox                // guarded by mu
}

// member is what a room knows of somebody affiliated with it.
type member struct {
	affiliation  standing.Affiliation
	nick, reason string
}

func newRoom(m *Module, row storage.Room, config Config) *Room {
	r := &Room{
		service: m, row: row, turn: make(chan struct{}, 1),
		locked: row.Locked, config: config, vcard: row.VCard,
		members: map[string]member{}, nicks: map[string]string{},
		occupants: map[string]*occupant{}, clients: map[jid.JID]*client{},
		invited: map[jid.JID]jid.JID{}, wishes: map[jid.JID]string{}, spoken: map[jid.JID]time.Time{},
	}
	r.jid, _ = jid.Parse(row.JID) // it was written from an address
	r.asked.waiting = map[string]query{}
	return r
}

// errGone: the room is not the one any more that has this address.
var errGone = errors.New("muc: the room is gone")

// with runs f under the room's lock and delivers what f has to say.
func (r *Room) with(ctx context.Context, f func() error) error {
	err := r.decide(f)
	r.deliver(ctx)
	return err
}

func (r *Room) decide(f func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock() // even if f panics: others are in the room
	if r.gone {
		return errGone
	}
	return f()
}

// take waits for the room's turn.
func (r *Room) take(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// give ends the turn.
func (r *Room) give() { <-r.turn }

// memberOf returns what the room knows of an account (§9.2: the account before
// its domain). It is called with mu held.
func (r *Room) memberOf(bare jid.JID) member {
	if m, ok := r.members[bare.String()]; ok {
		return m
	}
	if m, ok := r.members[bare.Domain()]; ok {
		m.nick = ""
		return m
	}
	return member{affiliation: standing.Unaffiliated}
}

func (r *Room) affiliationOf(bare jid.JID) standing.Affiliation { return r.memberOf(bare).affiliation }

// personOf returns what the account of a full JID is to the room. It is called
// with mu held.
func (r *Room) personOf(full jid.JID) standing.Person {
	p := standing.Person{Affiliation: r.affiliationOf(full.Bare())}
	if c := r.clients[full]; c != nil {
		p.Role = c.of.role
		return p
	}
	for _, o := range r.occupants { // §8: another client of the account may be there
		if o.account == full.Bare() {
			p.Role = max(p.Role, o.role)
		}
	}
	return p
}

// affiliated lists who has an affiliation, sorted. It is called with mu held.
func (r *Room) affiliated(a standing.Affiliation) []string {
	var out []string
	for who, m := range r.members {
		if m.affiliation == a {
			out = append(out, who)
		}
	}
	slices.Sort(out)
	return out
}

// setMember notes what was stored. It is called with mu held.
func (r *Room) setMember(who string, m member) {
	if old, ok := r.members[who]; ok && old.nick != "" && r.nicks[old.nick] == who {
		delete(r.nicks, old.nick)
	}
	if m.affiliation == standing.Unaffiliated {
		delete(r.members, who)
		return
	}
	r.members[who] = m
	if m.nick != "" {
		r.nicks[m.nick] = who
	}
}

// refuse adds to an error who found it (RFC 6120 §8.3.1).
func (r *Room) refuse(err error) error {
	var e *stanza.Error
	if errors.As(err, &e) {
		c := *e
		c.By = r.jid.String()
		return &c
	}
	return err
}
