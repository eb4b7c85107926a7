package carbons

import (
	"context"

	"parley/internal/module"
	"parley/stanza"
)

// Namespaces that the rules know.
const (
	nsReceipts   = "urn:xmpp:receipts"                     // XEP-0184
	nsChatStates = "http://jabber.org/protocol/chatstates" // XEP-0085
	nsMarkers    = "urn:xmpp:chat-markers:0"               // XEP-0333
	nsInvitation = "jabber:x:conference"                   // XEP-0249
	nsMUCUser    = "http://jabber.org/protocol/muc#user"   // XEP-0045
	nsHints      = "urn:xmpp:hints"                        // XEP-0334
)

// direction tells the two sides of a message apart.
type direction uint8

const (
	outbound direction = iota // a client of the account has sent it
	inbound                   // the account receives it
)

// eligible reports whether st, which is no error, is to be copied: XEP-0280 §6.1.
func eligible(st *module.Stanza, d direction) bool {
	switch {
	case st.Type == "groupchat", excluded(st):
		return false
	case st.Has(nsMUCUser, "x"):
		return ofRoom(st, d)
	}
	return conversation(st)
}

// excluded: XEP-0280 §9, XEP-0334 §4.3.
func excluded(st *module.Stanza) bool { return st.Has(NS, "private") || st.Has(nsHints, "no-copy") }

// ofRoom: an invitation through a room is copied, and a private message to an
// occupant. One from an occupant is not: the room sends it to all clients that
// have joined.
func ofRoom(st *module.Stanza, d direction) bool {
	if st.Element(nsMUCUser, "x").Child(nsMUCUser, "invite") != nil {
		return true
	}
	return conversation(st) && (d == outbound || st.From.IsBare())
}

// conversation reports whether st is part of one. A type that is unknown or
// missing stands for normal (RFC 6121 §5.2.2).
func conversation(st *module.Stanza) bool {
	if st.Type == "chat" {
		return true
	}
	for i := range st.Children {
		c := &st.Children[i]
		switch string(c.Space) {
		case nsReceipts, nsChatStates, nsMarkers:
			return true
		case nsInvitation:
			return string(c.Local) == "x"
		case stanza.NSClient:
			if string(c.Local) == "body" && st.Type != "headline" {
				return true
			}
		}
	}
	return false
}

// strip takes out copies that others than the server made up (§11).
func (m *Module) strip(_ context.Context, ev *module.Event) error {
	for i := range ev.Children {
		if forged(&ev.Children[i]) {
			ev.Strip(func(i int) bool { return forged(&ev.Children[i]) })
			break
		}
	}
	return nil
}

func forged(c *stanza.Child) bool { return c.Is(NS, "received") || c.Is(NS, "sent") }
