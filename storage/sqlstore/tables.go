package sqlstore

import "parley/storage"

// The tables of values that a batch hands to its statements, column by column.

const messageNames = `account, id, outgoing, peer, peer_resource, received, sender, recipient,
	stanza_id, origin_id, type, lang, payload, listed`

var (
	messageColumns = []Column{
		{"account", "text"}, {"id", "bigint"}, {"outgoing", "boolean"}, {"peer", "text"}, {"peer_resource", "text"},
		{"received", "bigint"}, {"sender", "text"}, {"recipient", "text"}, {"stanza_id", "text"},
		{"origin_id", "text"}, {"type", "text"}, {"lang", "text"}, {"payload", "bytea"}, {"listed", "boolean"},
	}
	markColumns   = []Column{{"account", "text"}, {"id", "bigint"}, {"listed", "boolean"}}
	refColumns    = []Column{{"account", "text"}, {"id", "bigint"}}
	streamColumns = []Column{{"id", "text"}, {"account", "text"}, {"handled", "bigint"}, {"seen", "bigint"}}
)

// messageTable is messages to insert.
type messageTable struct {
	ops []int // the place of each one's op in the round

	account, peer, peerResource, from, to, stanzaID, originID, kind, lang []string
	id, received                                                          []int64
	outgoing, listed                                                      []bool
	payload                                                               [][]byte
}

func (t *messageTable) add(op int, m storage.Message) {
	t.ops = append(t.ops, op)
	t.account, t.id, t.outgoing = append(t.account, m.Account), append(t.id, m.ID), append(t.outgoing, m.Outgoing)
	t.peer, t.peerResource = append(t.peer, m.Peer), append(t.peerResource, m.PeerResource)
	t.received = append(t.received, fromTime(m.Received))
	t.from, t.to = append(t.from, m.From), append(t.to, m.To)
	t.stanzaID, t.originID = append(t.stanzaID, m.StanzaID), append(t.originID, m.OriginID)
	t.kind, t.lang = append(t.kind, m.Type), append(t.lang, m.Lang)
	t.payload, t.listed = append(t.payload, fromBytes(m.Payload)), append(t.listed, m.Listed)
}

func (t *messageTable) statement(sql string) Statement {
	return table(sql, len(t.account), t.account, t.id, t.outgoing, t.peer, t.peerResource, t.received,
		t.from, t.to, t.stanzaID, t.originID, t.kind, t.lang, t.payload, t.listed)
}

// table is no statement when there are no rows.
func table(sql string, rows int, columns ...any) Statement {
	if rows == 0 {
		return Statement{}
	}
	return Statement{SQL: sql, Args: columns, Rows: rows}
}

// markTable is marks of messages that wait for delivery.
type markTable struct {
	account []string
	id      []int64
	listed  []bool
}

func (t *markTable) add(m storage.Message) {
	t.account, t.id, t.listed = append(t.account, m.Account), append(t.id, m.ID), append(t.listed, m.Listed)
}

func (t *markTable) statement(sql string) Statement {
	return table(sql, len(t.account), t.account, t.id, t.listed)
}

// refTable is messages by name.
type refTable struct {
	account []string
	id      []int64
}

func (t *refTable) add(ref storage.MessageRef) {
	t.account, t.id = append(t.account, ref.Account), append(t.id, ref.ID)
}

func (t *refTable) statement(sql string) Statement {
	return table(sql, len(t.account), t.account, t.id)
}

// streamTable is streams to save, each once: the last that was said of it.
type streamTable struct {
	at            map[string]int
	id, account   []string
	handled, seen []int64
}

func (t *streamTable) add(s *storage.Stream) {
	if i, ok := t.at[s.ID]; ok {
		t.handled[i], t.seen[i] = int64(s.Handled), fromTime(s.Seen)
		return
	}
	if t.at == nil {
		t.at = map[string]int{}
	}
	t.at[s.ID] = len(t.id)
	t.id, t.account = append(t.id, s.ID), append(t.account, s.Account)
	t.handled, t.seen = append(t.handled, int64(s.Handled)), append(t.seen, fromTime(s.Seen))
}

func (t *streamTable) has(id string) bool {
	_, ok := t.at[id]
	return ok
}

func (t *streamTable) statement(sql string) Statement {
	return table(sql, len(t.id), t.id, t.account, t.handled, t.seen)
}
