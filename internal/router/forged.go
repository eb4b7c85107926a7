package router

import (
	"parley/internal/jid"
	"parley/internal/module"
)

// Payloads that name who added them; a client must not speak for us.
const (
	nsDelay    = "urn:xmpp:delay" // XEP-0203, attribute 'from'
	nsStanzaID = "urn:xmpp:sid:0" // XEP-0359 §3.1 and §6, attribute 'by'
)

// stripForged removes what only the server may add: delay stamps from our
// domains and stanza-ids by an entity of ours, all copies in any order.
func (r *Router) stripForged(st *module.Stanza) {
	for _, c := range st.Children {
		if string(c.Space) == nsDelay || string(c.Space) == nsStanzaID {
			r.stripBy(st)
			return
		}
	}
}

func (r *Router) stripBy(st *module.Stanza) {
	st.Strip(func(i int) bool { return r.forged(st, i) })
}

func (r *Router) forged(st *module.Stanza, i int) bool {
	c := st.Children[i]
	var attr string
	switch {
	case string(c.Space) == nsDelay && string(c.Local) == "delay":
		attr = "from"
	case string(c.Space) == nsStanzaID && string(c.Local) == "stanza-id":
		attr = "by"
	default:
		return false
	}
	j, err := jid.Parse(st.ElementAt(i).Attr(attr))
	return err == nil && (r.IsLocal(j) || r.ComponentOf(j) != nil)
}
