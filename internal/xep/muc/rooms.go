package muc

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"parley/internal/jid"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
	"parley/storage"
)

// rooms are those in memory, and what is told of the public ones. The zero value
// is ready.
type rooms struct {
	mu     sync.Mutex
	slots  map[jid.JID]*slot   // guarded by mu
	public map[jid.JID]listing // guarded by mu: all there are, in memory or not
	sorted []listing           // guarded by mu: the same by address, never changed in place; nil: to be made
	idle   []*Room             // guarded by mu: put away one day, oldest first
}

// slot is the place of a room that is there, or on its way.
type slot struct {
	ready chan struct{} // closed when the rest is known
	room  *Room         // nil: there is none
	err   error
}

// listing is what lists tell of a public room.
type listing struct {
	jid                     jid.JID
	name, description, lang string
	open, anonymous         bool
}

// claim returns the slot of an address, and whether it is new: then it is the
// caller's to fill.
func (t *rooms) claim(j jid.JID) (s *slot, fresh bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.slots[j]; s != nil {
		return s, false
	}
	if t.slots == nil {
		t.slots = map[jid.JID]*slot{}
	}
	s = &slot{ready: make(chan struct{})}
	t.slots[j] = s
	return s, true
}

// fill says what has become of a slot. Without a room it is free again.
func (t *rooms) fill(j jid.JID, s *slot, r *Room, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.room, s.err = r, err; r == nil {
		delete(t.slots, j)
	}
	close(s.ready)
}

// await returns the room of a slot when it is known.
func (s *slot) await(ctx context.Context) (*Room, error) {
	select {
	case <-s.ready:
		return s.room, s.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// find returns the room of that address, or nil if there is none.
func (m *Module) find(ctx context.Context, j jid.JID) (*Room, error) {
	s, fresh := m.rooms.claim(j)
	if !fresh {
		return s.await(ctx)
	}
	r, err := m.load(ctx, j)
	m.rooms.fill(j, s, r, err)
	if r != nil {
		m.rest(r)
	}
	return r, err
}

func (m *Module) load(ctx context.Context, j jid.JID) (*Room, error) {
	row, with, err := m.store.Room(ctx, j.String())
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	config, err := readConfig(&row)
	if err != nil {
		return nil, err
	}
	r := newRoom(m, row, config)
	r.subject = subject{row.Subject.Payload, row.Subject.By, row.Subject.ID}
	for _, a := range with {
		if rank, ok := standing.ParseAffiliation(a.Affiliation); ok {
			r.setMember(a.JID, member{rank, a.Nick, a.Reason})
		}
	}
	return r, r.remember(ctx)
}

// create makes a room with the configuration of new ones, that nobody can enter
// but its owner (§10.1.1). It returns nil if there is one meanwhile.
func (m *Module) create(ctx context.Context, j, creator jid.JID) (*Room, error) {
	if err := m.mayCreate(ctx, creator); err != nil {
		return nil, err
	}
	s, fresh := m.rooms.claim(j)
	if !fresh {
		_, err := s.await(ctx)
		return nil, err
	}
	r, err := m.make(ctx, j, creator)
	m.rooms.fill(j, s, r, err)
	return r, err
}

func (m *Module) make(ctx context.Context, j, creator jid.JID) (*Room, error) {
	config := defaultConfig()
	config.History = min(config.History, m.opts.History)
	row := storage.Room{JID: j.String(), Creator: creator.String(), Created: m.opts.Now(), Locked: true}
	if err := config.row(&row); err != nil {
		return nil, err
	}
	owner := storage.RoomAffiliation{JID: creator.String(), Affiliation: standing.Owner.String()}
	err := m.store.CreateRoom(ctx, row, []storage.RoomAffiliation{owner})
	if errors.Is(err, storage.ErrConflict) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	r := newRoom(m, row, config)
	r.setMember(owner.JID, member{affiliation: standing.Owner})
	return r, nil
}

// mayCreate: §10.1.1, and as many as one account may make.
func (m *Module) mayCreate(ctx context.Context, creator jid.JID) error {
	if len(m.opts.Creators) > 0 && !slices.Contains(m.opts.Creators, creator) || !m.host.IsLocal(creator) {
		return stanza.NewError(stanza.NotAllowed, "")
	}
	n, err := m.store.CountRooms(ctx, creator.String())
	if err == nil && n >= m.opts.Creations {
		return stanza.NewError(stanza.ResourceConstraint, "you have made too many rooms")
	}
	return err
}

// end takes a room away that is marked as gone, with all that is stored of it.
// Until that is done its address is taken.
func (m *Module) end(ctx context.Context, r *Room) error {
	s := &slot{ready: make(chan struct{})}
	m.rooms.mu.Lock()
	m.rooms.slots[r.jid] = s
	delete(m.rooms.public, r.jid)
	m.rooms.sorted = nil
	m.rooms.mu.Unlock()
	err := m.store.DeleteRoom(ctx, r.row.JID)
	m.rooms.fill(r.jid, s, nil, nil)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

// endLater is end for a room that nobody waits for.
func (m *Module) endLater(r *Room) {
	m.working.Go(func() {
		if err := m.end(context.Background(), r); err != nil {
			m.logger().Error("room not removed", "jid", r.jid.String(), "err", err)
		}
	})
}

// rest notes that nobody may be in a room, and puts away those for which that
// was so for the longest time.
func (m *Module) rest(r *Room) {
	m.rooms.mu.Lock()
	m.rooms.idle = append(m.rooms.idle, r)
	var old []*Room
	if over := len(m.rooms.idle) - m.opts.Idle; over > 0 {
		old = slices.Clone(m.rooms.idle[:over])
		m.rooms.idle = slices.Delete(m.rooms.idle, 0, over)
	}
	m.rooms.mu.Unlock()
	for _, r := range old {
		m.putAway(r)
	}
}

// putAway forgets a room that is in storage, unless somebody is in it. It may be
// called with the lock of another room, so one that is busy is left for later.
func (m *Module) putAway(r *Room) {
	if !r.mu.TryLock() {
		m.rooms.mu.Lock()
		m.rooms.idle = append(m.rooms.idle, r)
		m.rooms.mu.Unlock()
		return
	}
	defer r.mu.Unlock()
	if r.gone || len(r.clients) > 0 || len(r.turn) > 0 {
		return
	}
	r.gone = true
	m.rooms.mu.Lock()
	defer m.rooms.mu.Unlock()
	if s := m.rooms.slots[r.jid]; s != nil && s.room == r {
		delete(m.rooms.slots, r.jid)
	}
}

// inMemory returns the rooms that are there.
func (t *rooms) inMemory() (out []*Room) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.slots {
		if s.room != nil {
			out = append(out, s.room)
		}
	}
	return out
}

// list puts a room into the public list, or takes it out.
func (t *rooms) list(j jid.JID, c *Config, locked bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sorted = nil
	if locked || !c.Public {
		delete(t.public, j)
		return
	}
	if t.public == nil {
		t.public = map[jid.JID]listing{}
	}
	t.public[j] = listing{
		jid: j, name: c.Name, description: c.Description, lang: c.Lang,
		open: !c.MembersOnly && !c.PasswordProtected, anonymous: c.anonymous(),
	}
}

// listed returns the public rooms by address. The slice must not be changed.
func (t *rooms) listed() []listing {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sorted == nil {
		t.sorted = slices.SortedFunc(maps.Values(t.public), func(a, b listing) int {
			return strings.Compare(a.jid.String(), b.jid.String())
		})
	}
	return t.sorted
}

// occupants tells how many are in a room, without loading it.
func (m *Module) occupants(j jid.JID) int {
	m.rooms.mu.Lock()
	s := m.rooms.slots[j]
	var r *Room
	if s != nil {
		r = s.room
	}
	m.rooms.mu.Unlock()
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.occupants)
}
