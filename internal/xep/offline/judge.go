package offline

import (
	"parley/internal/module"
	"parley/stanza"
)

type verdict uint8

const (
	store  verdict = iota
	drop           // nothing would be lost
	refuse         // the sender has to know
)

// judge says what to do with a message that nobody can take now: XEP-0160 §3,
// XEP-0334 §4.
func judge(st *module.Stanza) verdict {
	switch {
	case st.Type == "groupchat", st.Type == "headline", st.Type == "error": // all others count as normal, RFC 6121 §5.2.2
		return refuse
	case !worthy(st):
		return drop
	case st.Has(NSHints, "no-store"):
		return refuse
	}
	return store
}

// worthy reports whether a message says anything that matters later. Most have
// a <body/>, but an encrypted message, a receipt or an invitation need none.
func worthy(st *module.Stanza) bool {
	for i := range st.Children {
		c := &st.Children[i]
		switch {
		case string(c.Space) == nsStates, string(c.Space) == NSHints && !c.Is(NSHints, "store"):
		case c.Is(stanza.NSClient, "thread"):
		default:
			return true
		}
	}
	return false
}
