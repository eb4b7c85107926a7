package session

import (
	"parley/internal/module"
	"parley/stanza"
)

// clientState is that of an inactive client (XEP-0352) or of one without a
// stream: what it need not see now is postponed until something comes that it
// must see, it becomes active, or too much has gathered. Of presence only the
// last of each sender is kept. Guarded by Session.mu; its methods may be called
// on nil.
type clientState struct {
	inactive  bool
	detached  bool
	postponed []*module.Stanza
	size      int
}

// Bounds of what is postponed; more lets it go.
const (
	maxPostponed      = 256
	maxPostponedBytes = 64 << 10
)

// Namespaces of payloads that do not make a message urgent.
const (
	nsChatStates = "http://jabber.org/protocol/chatstates"   // XEP-0085
	nsReceipts   = "urn:xmpp:receipts"                       // XEP-0184
	nsMarkers    = "urn:xmpp:chat-markers:0"                 // XEP-0333
	nsEvent      = "http://jabber.org/protocol/pubsub#event" // XEP-0060
	nsHints      = "urn:xmpp:hints"                          // XEP-0334
	nsStanzaID   = "urn:xmpp:sid:0"                          // XEP-0359
	nsOccupantID = "urn:xmpp:occupant-id:0"                  // XEP-0421
)

// SetActive says whether somebody looks at the client (XEP-0352 §4).
func (s *Session) SetActive(active bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !active && s.client == nil:
		s.client = &clientState{inactive: true}
	case active && s.client != nil:
		s.flushPostponed()
		s.client = nil
		s.wakeWriter()
	}
}

func (c *clientState) idle() bool { return !c.inactive && !c.detached }

func (c *clientState) count() int {
	if c == nil {
		return 0
	}
	return len(c.postponed)
}

func (c *clientState) bytes() int {
	if c == nil {
		return 0
	}
	return c.size
}

// postpone keeps st for later if it can wait.
func (c *clientState) postpone(st *module.Stanza) bool {
	if c.idle() || !canWait(st) || len(c.postponed) >= maxPostponed || c.size+st.Size() > maxPostponedBytes {
		return false
	}
	if st.Kind == stanza.Presence {
		c.forget(st)
	}
	c.postponed = append(c.postponed, st)
	c.size += st.Size()
	return true
}

// forget drops the presence that st replaces.
func (c *clientState) forget(st *module.Stanza) {
	for i, old := range c.postponed {
		if old.Kind == stanza.Presence && old.From == st.From {
			c.size -= old.Size()
			c.postponed = append(c.postponed[:i], c.postponed[i+1:]...)
			return
		}
	}
}

// canWait reports whether nobody is kept waiting by st's absence: XEP-0352 §5.
func canWait(st *module.Stanza) bool {
	switch st.Kind {
	case stanza.Presence:
		return st.Type == "" || st.Type == "unavailable"
	case stanza.Message:
		return st.Type != "error" && len(st.Children) > 0 && onlyAsides(st)
	}
	return false
}

// onlyAsides reports whether a message has nothing to read.
func onlyAsides(st *module.Stanza) bool {
	for i := range st.Children {
		c := &st.Children[i]
		switch string(c.Space) {
		case nsChatStates, nsReceipts, nsMarkers, nsEvent, nsHints, nsStanzaID, nsOccupantID:
		default:
			if !c.Is(stanza.NSClient, "thread") {
				return false
			}
		}
	}
	return true
}

// flushPostponed is called with mu held.
func (s *Session) flushPostponed() {
	if s.client == nil || len(s.client.postponed) == 0 {
		return
	}
	for _, st := range s.client.postponed {
		s.enqueue(st)
	}
	s.client.postponed, s.client.size = nil, 0
}
