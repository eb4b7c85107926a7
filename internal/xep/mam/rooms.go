package mam

import (
	"context"

	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// Rooms answers queries to archives that rooms keep (XEP-0313 §6.1.2): who may
// read them, and what of a message may be told, is the room's to say.
type Rooms struct{ m *Module }

// Rooms returns what rooms need of the archive.
func (m *Module) Rooms() Rooms { return Rooms{m} }

// Form shows the fields of a query.
func (r Rooms) Form(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	return r.m.form(ctx, iq)
}

// Metadata tells where the archive begins and ends.
func (r Rooms) Metadata(ctx context.Context, iq *module.IQ) (*stanza.Element, error) {
	return r.m.ends(ctx, iq.Account())
}

// Query sends the results, each as show leaves it. Without peers, who asks may
// not select by who has said something (§4.1.1).
func (r Rooms) Query(ctx context.Context, iq *module.IQ, peers bool, show func(*storage.Message)) (*stanza.Element, error) {
	q, err := r.m.parseQuery(iq.Account(), iq.Request)
	switch {
	case err != nil:
		return nil, err
	case q.filter.Peer != "" && !peers:
		return nil, stanza.NewError(stanza.Forbidden, "who is who is not told here")
	}
	if err := r.m.known(ctx, q); err != nil {
		return nil, err
	}
	if q.page.Max == 0 {
		return r.m.count(ctx, q)
	}
	if iq.Session != nil && r.m.behind(iq.Session) {
		return nil, stanza.NewError(stanza.ResourceConstraint, "read the results of the queries before first")
	}
	rows, complete, err := r.m.read(ctx, q)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		row := rows[i]
		if q.flip { // §4.3.4
			row = rows[len(rows)-1-i]
		}
		show(&row)
		r.send(ctx, iq, result(q, &row, iq.From))
	}
	return q.fin(rows, complete), nil
}

func (r Rooms) send(ctx context.Context, iq *module.IQ, st *module.Stanza) {
	if iq.Session != nil {
		iq.Session.Send(st)
		return
	}
	r.m.host.Route(ctx, st)
}

// Lasting reports whether a message to a room belongs into an archive.
func (r Rooms) Lasting(st *module.Stanza) bool {
	one := *st
	one.Type = "" // the rules are those for any other conversation
	return judge(&one) == lasting
}
