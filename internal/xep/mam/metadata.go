package mam

import (
	"context"
	"errors"
	"fmt"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// metadata tells where the archive begins and ends (XEP-0313 §4.4).
func (m *Module) metadata(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	return m.ends(ctx, iq.Account())
}

func (m *Module) ends(ctx context.Context, account jid.JID) (*stanza.Element, error) {
	if err := m.arrived(ctx, account); err != nil {
		return nil, err
	}
	e := stanza.New(NS, "metadata")
	first, last, err := m.store.ArchiveEnds(ctx, account.String())
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return e, nil
	case err != nil:
		return nil, fmt.Errorf("mam: read metadata: %w", err)
	}
	return e.Add(m.end("start", first), m.end("end", last)), nil
}

func (m *Module) end(name string, at storage.MessageEnd) *stanza.Element {
	return stanza.New(NS, name, "id", m.opts.IDs.Format(at.ID), "timestamp", formatTime(at.Received))
}

// inline tells a client that binds what its archive holds at that moment
// (XEP-0386 §4).
func (m *Module) inline(ctx context.Context, s module.Session, _ *stanza.Element) *stanza.Element {
	m.deliveries.Fetches(ctx, s) // before the end is read, so that nothing falls between
	e, err := m.ends(ctx, s.JID().Bare())
	if err != nil {
		m.logger().Error("archive metadata", "jid", s.JID().String(), "err", err)
		return nil // the client can still ask
	}
	return e
}
