package presence

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// directed is to whom a session has said that it is available, without them
// being subscribed (RFC 6121 §4.6).
type directed struct {
	mu sync.Mutex
	to map[jid.JID]struct{} // guarded by mu
}

// direct keeps track of directed presence; the router sends it on (RFC 6121
// §4.6.3).
func (m *Module) direct(ctx context.Context, ev *module.Event) error {
	switch ev.Type {
	case "":
		return m.remember(ctx, ev)
	case unavailable:
		if d := m.directed.Get(ev.Session); d != nil {
			d.mu.Lock()
			delete(d.to, ev.To)
			d.mu.Unlock()
		}
	}
	return nil
}

// remember notes who has to be told when the session becomes unavailable:
// whoever the broadcast will not reach.
func (m *Module) remember(ctx context.Context, ev *module.Event) error {
	if ev.Session.Presence() != nil {
		knows, err := m.mayKnow(ctx, ev.From.Bare(), ev.To.Bare())
		if knows || err != nil {
			return err
		}
	}
	d := m.directed.Get(ev.Session)
	if d == nil {
		d = &directed{to: map[jid.JID]struct{}{}}
		m.directed.Set(ev.Session, d)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.to[ev.To]; !known && len(d.to) >= m.opts.MaxDirected {
		return stanza.NewError(stanza.PolicyViolation, "directed presence to too many addresses")
	}
	d.to[ev.To] = struct{}{}
	return nil
}

// endDirected tells them (RFC 6121 §4.6.3), after the broadcast: who has become
// a subscriber meanwhile has got that.
func (m *Module) endDirected(ctx context.Context, s module.Session, st *module.Stanza, broadcast bool) {
	for _, j := range m.forget(s, everybody) {
		if broadcast {
			if knows, err := m.mayKnow(ctx, s.JID().Bare(), j.Bare()); err == nil && knows {
				continue
			}
		}
		m.host.Route(ctx, st.For(j))
	}
}

// forget takes those of the addresses that hit chooses out of the session's list.
func (m *Module) forget(s module.Session, hit func(jid.JID) bool) (to []jid.JID) {
	d := m.directed.Get(s)
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for j := range d.to {
		if hit(j) {
			to = append(to, j)
			delete(d.to, j)
		}
	}
	slices.SortFunc(to, func(a, b jid.JID) int { return cmp.Compare(a.String(), b.String()) })
	return to
}

func everybody(jid.JID) bool { return true }

// saveDirected writes down the session's list, for a restart of the server.
func (m *Module) saveDirected(s module.Session) string {
	var list []string
	for _, j := range m.forget(s, everybody) {
		list = append(list, j.String())
	}
	return strings.Join(list, "\n")
}

func (m *Module) loadDirected(s module.Session, list string) {
	d := &directed{to: map[jid.JID]struct{}{}}
	for line := range strings.Lines(list) {
		if j, err := jid.Parse(strings.TrimSuffix(line, "\n")); err == nil {
			d.to[j] = struct{}{}
		}
	}
	m.directed.Set(s, d)
}
