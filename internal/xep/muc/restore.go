package muc

import (
	"context"
	"encoding/json"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
)

// stay is a visit to a room, written down for a restart of the server: a client
// that resumes its session (XEP-0198 §5) is where it was, and nobody has to enter
// again.
type stay struct {
	Room, Nick, Role string
	Lang             string `json:",omitempty"`
	Presence         []byte `json:",omitempty"`
}

// save writes down where a session is.
func (m *Module) save(s module.Session) string {
	var stays []stay
	for _, r := range m.visits.rooms(s.JID().Bare()) {
		if one, ok := r.stayOf(s.JID()); ok {
			stays = append(stays, one)
		}
	}
	if len(stays) == 0 {
		return ""
	}
	b, _ := json.Marshal(stays) // there is nothing in it that cannot be written
	return string(b)
}

func (r *Room) stayOf(full jid.JID) (one stay, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[full]
	if c == nil {
		return one, false
	}
	return stay{r.jid.String(), c.of.nick, c.of.role.String(), c.presence.Lang, c.presence.Payload}, true
}

// restore puts a session back where it was. Others who were there are put back in
// the same way, before anybody is told of anything.
func (m *Module) restore(s module.Session, text string) {
	var stays []stay
	if json.Unmarshal([]byte(text), &stays) != nil {
		return // of another program
	}
	for _, one := range stays {
		if err := m.putBack(context.Background(), s, one); err != nil {
			m.logger().Warn("client not put back into its room", "jid", s.JID().String(), "err", err)
		}
	}
}

func (m *Module) putBack(ctx context.Context, s module.Session, one stay) error {
	room, err := jid.Parse(one.Room)
	if err != nil {
		return err
	}
	at, err := room.WithResource(one.Nick)
	if err != nil || room.Domain() != m.opts.Host.Domain() {
		return err
	}
	r, err := m.find(ctx, room)
	if r == nil || err != nil {
		return err
	}
	role, _ := standing.ParseRole(one.Role)
	r.putBack(s, at, role, &module.Stanza{Kind: stanza.Presence, Lang: one.Lang, Payload: one.Presence})
	return nil
}

// putBack is entering without a word.
func (r *Room) putBack(s module.Session, at jid.JID, role standing.Role, presence *module.Stanza) {
	account := s.JID().Bare()
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.affiliationOf(account)
	if r.gone || r.clients[s.JID()] != nil || !r.config.kind().Enters(a) || r.mayUse(at.Resource(), account) != nil {
		return
	}
	if !r.service.visits.begin(account, r, r.service.opts.RoomsPerUser) {
		return
	}
	o := r.occupants[at.Resource()]
	if o == nil {
		o = r.newOccupant(at, account)
		o.role = r.config.kind().After(standing.Person{Role: role, Affiliation: a}, a)
	}
	r.enter(o, s.JID(), s, presence)
}
