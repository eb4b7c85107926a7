package mam

import (
	"strconv"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// NSStanzaID is the namespace of stanza-ids and origin-ids.
const NSStanzaID = "urn:xmpp:sid:0"

// IDs writes the ids of messages as clients see them.
type IDs interface {
	Format(id int64) string
	// Parse reads what Format has written, and nothing else.
	Parse(id string) (int64, bool)
}

// Numbers are IDs that anybody can guess, for tests.
type Numbers struct{}

// Format implements IDs.
func (Numbers) Format(id int64) string { return strconv.FormatInt(id, 10) }

// Parse implements IDs.
func (n Numbers) Parse(s string) (int64, bool) {
	id, err := strconv.ParseInt(s, 10, 64)
	return id, err == nil && id > 0 && n.Format(id) == s
}

// stamp appends the stanza-id that the archive by has given to st (XEP-0313
// §3.4, XEP-0359 §3.1). Slices that others share are not changed.
func stamp(st *module.Stanza, by jid.JID, id string) {
	const open = "<stanza-id xmlns='" + NSStanzaID + "'"
	st.Own()
	start := len(st.Payload)
	payload := make([]byte, start, start+len(open)+len(" id=''")+len(id)+len(" by=''")+len(by.String())+len("/>"))
	copy(payload, st.Payload)
	payload = append(payload, open...)
	payload = stanza.AppendAttr(payload, "id", id)
	payload = stanza.AppendAttr(payload, "by", by.String())
	payload = append(payload, "/>"...)
	const local, space = len("<"), len("<stanza-id xmlns='")
	st.Payload = payload
	st.Children = append(st.Children[:len(st.Children):len(st.Children)], stanza.Child{
		Space: payload[start+space : start+space+len(NSStanzaID)],
		Local: payload[start+local : start+local+len("stanza-id")],
		Start: start, End: len(payload),
	})
}

// strip removes stanza-ids that claim to be by account from a message that did
// not come from a client of ours, whose stanzas were cleaned before (XEP-0359
// §4, rule 2).
func strip(st *module.Stanza, account jid.JID) {
	for i := range st.Children {
		if st.Children[i].Is(NSStanzaID, "stanza-id") {
			st.Strip(func(i int) bool { return claims(st, i, account) })
			return
		}
	}
}

func claims(st *module.Stanza, i int, account jid.JID) bool {
	if !st.Children[i].Is(NSStanzaID, "stanza-id") {
		return false
	}
	by, err := jid.Parse(st.ElementAt(i).Attr("by"))
	return err == nil && by == account
}

// maxOriginID is the longest origin-id and the longest id attribute, in bytes,
// that are remembered: clients use UUIDs. A message with a longer one counts as
// one without.
const maxOriginID = 256

// originID returns the id that the sender's client gave the message (XEP-0359
// §3.2), or "".
func originID(st *module.Stanza) string {
	e := st.Element(NSStanzaID, "origin-id")
	if e == nil {
		return ""
	}
	if id := e.Attr("id"); max(len(id), len(st.ID)) <= maxOriginID {
		return id
	}
	return ""
}
