package offline

import (
	"strconv"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// stampFormat is that of XEP-0082, in UTC.
const stampFormat = "2006-01-02T15:04:05.000000Z"

// restore makes the message that was stored, with its id in the archive
// (XEP-0359 §3.1) and the time it came (XEP-0203).
func (o *Module) restore(m *storage.Message) *module.Stanza {
	st := &module.Stanza{Kind: stanza.Message, ID: m.StanzaID, Type: m.Type, Lang: m.Lang, Payload: m.Payload}
	st.From, _ = jid.Parse(m.From) // both were written from addresses
	st.To, _ = jid.Parse(m.To)
	if children, err := stanza.ScanPayload(m.Payload, nil); err == nil {
		st.Children = children
	}
	delay := stanza.New(NSDelay, "delay", "from", o.host.Domain().String(), "stamp", m.Received.UTC().Format(stampFormat))
	if !m.Listed {
		return st.Append(delay)
	}
	id := stanza.New(nsStanzaID, "stanza-id", "by", m.Account, "id", o.opts.IDs.Format(m.ID))
	return st.Append(id, delay)
}

// sizeOf estimates what a row takes on its way, as module.Stanza.Size does.
func sizeOf(m *storage.Message) int {
	const rest = 300 // tags, stanza-id, delay
	return rest + len(m.Payload) + len(m.From) + len(m.To) + len(m.StanzaID)
}

// numbers are the ids that mam gives if it is not told otherwise.
type numbers struct{}

func (numbers) Format(id int64) string { return strconv.FormatInt(id, 10) }
