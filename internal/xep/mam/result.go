package mam

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// stampFormat is the DateTime profile of XEP-0082 §3.2, with all that is kept of
// a time, so that a client can ask for what it was told.
const stampFormat = "2006-01-02T15:04:05.000000Z"

func formatTime(t time.Time) string { return t.UTC().Format(stampFormat) }

// send gives the results to the client that asked. One that was not delivered so
// far counts as delivered when the client has it, and is not sent to it again
// (XEP-0313 §5.1.1). A client that reads what it missed, before it becomes
// available, is not sent what the archive had before it was bound.
func (m *Module) send(ctx context.Context, s module.Session, q *query, rows []storage.Message) error {
	waiting, err := m.waiting(ctx, q, rows)
	if err != nil {
		return err
	}
	if q.catchesUp() && s.Presence() == nil {
		module.UsesArchive.Set(s, true)
	}
	for i := range rows {
		row := &rows[i]
		if q.flip {
			row = &rows[len(rows)-1-i] // §4.3.4: the same results, the other way round
		}
		st := result(q, row, s.JID())
		if slices.Contains(waiting, row.ID) {
			st.Track = m.deliveries.Retrieved(s, row.ID)
		}
		s.Send(st)
	}
	return nil
}

// catchesUp reports whether the query looks for whatever has come from anybody.
func (q *query) catchesUp() bool { return q.filter.Peer == "" && len(q.filter.IDs) == 0 }

// waiting returns which of the rows were not delivered so far.
func (m *Module) waiting(ctx context.Context, q *query, rows []storage.Message) ([]int64, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	waiting, err := m.store.UndeliveredOf(ctx, q.account.String(), ids)
	if err != nil {
		return nil, fmt.Errorf("mam: read what waits: %w", err)
	}
	return waiting, nil
}

// result makes the message that carries an archived one (XEP-0313 §4.2,
// XEP-0297 §3.1).
func result(q *query, row *storage.Message, to jid.JID) *module.Stanza {
	const open = "<result xmlns='" + NS + "'"
	b := make([]byte, 0, weight(row)+len(q.id))
	b = append(b, open...)
	if q.id != "" {
		b = stanza.AppendAttr(b, "queryid", q.id)
	}
	b = stanza.AppendAttr(b, "id", q.ids.Format(row.ID))
	b = append(b, "><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay'"...)
	b = stanza.AppendAttr(b, "stamp", formatTime(row.Received))
	b = append(b, "/>"...)
	b = appendMessage(b, row)
	b = append(b, "</forwarded></result>"...)
	const local, space = len("<"), len("<result xmlns='")
	return &module.Stanza{
		Kind: stanza.Message, From: q.account, To: to, Payload: b,
		Children: []stanza.Child{{
			Space: b[space : space+len(NS)], Local: b[local : local+len("result")], Start: 0, End: len(b),
		}},
	}
}

// appendMessage writes the stanza as it came. Its payload may stand in any
// element whose default namespace is jabber:client.
func appendMessage(b []byte, row *storage.Message) []byte {
	b = append(b, "<message xmlns='"+stanza.NSClient+"'"...)
	for _, a := range []struct{ name, value string }{
		{"from", row.From}, {"to", row.To}, {"id", row.StanzaID}, {"type", row.Type}, {"xml:lang", row.Lang},
	} {
		if a.value != "" {
			b = stanza.AppendAttr(b, a.name, a.value)
		}
	}
	b = append(b, '>')
	b = append(b, row.Payload...)
	return append(b, "</message>"...)
}
