package presence

import (
	"context"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// hide shows a session whose stream is lost as unavailable, if the operator
// wants that; by default contacts see no difference until its time is over, so
// that a short loss of the network is not noticed.
func (m *Module) hide(ctx context.Context, s module.Session) error {
	if s.Presence() == nil {
		return nil
	}
	m.hidden.Set(s, true)
	return m.broadcast(ctx, s.JID(), module.NewStanza(stanza.Presence, unavailable, s.JID(), jid.JID{}))
}

// show shows it again as it was.
func (m *Module) show(ctx context.Context, s module.Session) error {
	if !m.hidden.Get(s) {
		return nil
	}
	m.hidden.Set(s, false)
	if now := s.Presence(); now != nil {
		return m.broadcast(ctx, s.JID(), now.Stanza)
	}
	return nil
}
