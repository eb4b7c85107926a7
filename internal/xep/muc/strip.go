package muc

import (
	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
)

// stripPresence takes out of an occupant's presence what only the room may say
// (§17.3), all copies in any order. What remains is nobody's but ours.
func (r *Room) stripPresence(st *module.Stanza) *module.Stanza {
	said := *st.Own()
	said.Track = nil
	said.Strip(func(i int) bool {
		return string(said.Children[i].Space) == NS || r.reserved(&said, i)
	})
	return &said
}

// stripMessage does so with a message to all.
func (r *Room) stripMessage(st *module.Stanza) *module.Stanza {
	said := *st.Own()
	said.Track = nil
	said.Strip(func(i int) bool { return r.reserved(&said, i) })
	return &said
}

// reserved reports whether an element may come only from the room.
func (r *Room) reserved(st *module.Stanza, i int) bool {
	c := &st.Children[i]
	switch string(c.Space) {
	case nsOccupantID, // XEP-0421 §4: replaced
		NSUser,     // §17.3: roles, affiliations, JIDs, status codes; XEP-0313 §6.1.2
		nsHats,     // XEP-0317
		nsModerate, // XEP-0425 §6
		nsAddress:  // §7.2.13: the original sender
		return true
	case nsStanzaID:
		return string(c.Local) == "stanza-id" // XEP-0313 §3.4: the room's is the only one
	case nsDelay, nsOldDelay:
		return r.ours(st.ElementAt(i).Attr("from"))
	case nsRetract:
		return st.ElementAt(i).Child(nsModerate, "moderated") != nil
	}
	return false
}

// ours reports whether a delay stamp claims to be the room's (§7.2.13): one that
// names nobody is taken for that. The creator of a room may tell what was said
// before, in the name of others (§7.9).
func (r *Room) ours(from string) bool {
	j, err := jid.Parse(from)
	return err != nil || j.Domain() == r.jid.Domain()
}

// with returns the payload of st and then what the parts are.
func payloadWith(st *module.Stanza, parts ...[]byte) []byte {
	n := len(st.Payload)
	for _, p := range parts {
		n += len(p)
	}
	b := append(make([]byte, 0, n), st.Payload...)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// fill gives st its payload.
func fill(st *module.Stanza, payload []byte) *module.Stanza {
	st.Payload = payload
	st.Children, _ = stanza.ScanPayload(payload, nil) // it was written by us
	return st
}
