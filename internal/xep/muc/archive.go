package muc

import (
	"context"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/internal/xep/muc/standing"
	"parley/stanza"
	"parley/storage"
)

// mayRead: who could enter the room may read its archive (XEP-0313 §6.1.2). One
// who is in it has shown the password, members need not show it.
func (r *Room) mayRead(full jid.JID) error {
	me := r.personOf(full)
	switch {
	case r.locked, !r.config.Archive:
		return stanza.NewError(stanza.ItemNotFound, "")
	case !r.config.kind().Enters(me.Affiliation):
		return stanza.NewError(stanza.Forbidden, "")
	case r.config.PasswordProtected && me.Role == standing.NoRole && me.Affiliation < standing.Member:
		return stanza.NewError(stanza.Forbidden, "")
	}
	return nil
}

// reader lets only those in who may read the archive.
func (r *Room) reader(h func(context.Context, *module.IQ) (*stanza.Element, error)) answerer {
	return func(ctx context.Context, iq *request) (*stanza.Element, error) {
		r.mu.Lock()
		err := r.mayRead(iq.From)
		r.mu.Unlock()
		if err != nil {
			return nil, err
		}
		return h(ctx, iq.toArchive())
	}
}

func (iq *request) toArchive() *module.IQ {
	return &module.IQ{Stanza: iq.Stanza, Request: iq.Request, Session: iq.Session}
}

// readArchive sends results without any address but who said it in the room and,
// for who may know, the real one (XEP-0313 §6.1.2).
func (r *Room) readArchive(ctx context.Context, iq *request) (*stanza.Element, error) {
	r.mu.Lock()
	err := r.mayRead(iq.From)
	knows := !r.config.anonymous() || r.personOf(iq.From).Role == standing.Moderator || r.affiliationOf(iq.From.Bare()) >= standing.Admin
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return r.service.archive.Query(ctx, iq.toArchive(), knows, func(m *storage.Message) {
		m.To = ""
		if knows && m.Peer != r.row.JID {
			m.Payload = append(m.Payload[:len(m.Payload):len(m.Payload)], whoSaid(m)...)
		}
	})
}

func whoSaid(m *storage.Message) []byte {
	full := m.Peer
	if m.PeerResource != "" {
		full += "/" + m.PeerResource
	}
	return stanza.New(NSUser, "x").Add(stanza.New(NSUser, "item", "jid", full)).Bytes()
}
