package mam

import (
	"parley/internal/module"
	"parley/stanza"
)

// verdict is what becomes of a message.
type verdict uint8

const (
	// worthless: nobody misses it, it is sent to who is there.
	worthless verdict = iota
	// passing: it is not stored; if nobody is there its sender is told.
	passing
	// waiting: it is kept until it was delivered.
	waiting
	// lasting: it belongs into archives.
	lasting
)

// stored reports whether a message with that verdict is stored at all.
func (v verdict) stored() bool { return v >= waiting }

// Namespaces of payloads that the rules know.
const (
	nsHints      = "urn:xmpp:hints"                        // XEP-0334
	nsChatStates = "http://jabber.org/protocol/chatstates" // XEP-0085
	nsDelay      = "urn:xmpp:delay"                        // XEP-0203
	nsMUCUser    = "http://jabber.org/protocol/muc#user"   // XEP-0045
)

// judge: XEP-0313 §5.1.1, XEP-0160 §3, XEP-0334 §4. An unknown type counts as
// normal (RFC 6121 §5.2.2).
func judge(st *module.Stanza) verdict {
	switch st.Type {
	case "error", "headline", "groupchat":
		return passing
	}
	best, hints := worthless, 0
	for i := range st.Children {
		c := &st.Children[i]
		if string(c.Space) == nsHints {
			hints |= hint(c)
			continue
		}
		if best < lasting {
			best = max(best, worth(st, i))
		}
	}
	return weigh(best, hints)
}

// The hints that matter here.
const (
	hintStore = 1 << iota
	hintNoStore
	hintNoPermanentStore
)

func hint(c *stanza.Child) int {
	switch string(c.Local) {
	case "store":
		return hintStore
	case "no-store":
		return hintNoStore
	case "no-permanent-store":
		return hintNoPermanentStore
	}
	return 0
}

// weigh lets the hints decide (XEP-0334 §4). Where they contradict each other,
// less is kept.
func weigh(best verdict, hints int) verdict {
	if hints&hintStore != 0 {
		best = lasting
	}
	switch {
	case best == worthless:
		return worthless
	case hints&hintNoStore != 0:
		return passing
	case hints&hintNoPermanentStore != 0:
		return waiting
	}
	return best
}

// worth judges one payload element.
func worth(st *module.Stanza, i int) verdict {
	c := &st.Children[i]
	switch string(c.Space) {
	case stanza.NSClient:
		return worthPlain(c)
	case nsChatStates, NSStanzaID, nsDelay:
		return worthless // what the sender is doing, and what others have noted on the message
	case nsMUCUser:
		return worthOfRoom(st, i)
	}
	if conversation(c) {
		return lasting
	}
	return waiting
}

func worthPlain(c *stanza.Child) verdict {
	switch string(c.Local) {
	case "thread":
		return worthless
	case "body", "subject":
		return lasting
	}
	return waiting
}

// worthOfRoom: an invitation through a room (XEP-0045 §7.8.2) is part of a
// conversation, its other notices are not.
func worthOfRoom(st *module.Stanza, i int) verdict {
	if x := st.ElementAt(i); x.Child(nsMUCUser, "invite") != nil || x.Child(nsMUCUser, "decline") != nil {
		return lasting
	}
	return waiting
}

// conversation reports whether an element is part of a conversation even
// without a body.
func conversation(c *stanza.Child) bool {
	switch string(c.Space) {
	case "urn:xmpp:receipts": // XEP-0184
		return string(c.Local) == "received"
	case "urn:xmpp:chat-markers:0": // XEP-0333
		return string(c.Local) != "markable"
	case NSRetract, // XEP-0424
		"urn:xmpp:message-moderate:1", // XEP-0425
		"urn:xmpp:fasten:0",           // XEP-0422, of older retractions
		"urn:xmpp:message-correct:0",  // XEP-0308
		"urn:xmpp:reactions:0",        // XEP-0444
		"urn:xmpp:reply:0",            // XEP-0461
		"urn:xmpp:jingle-message:0",   // XEP-0353
		"urn:xmpp:sfs:0",              // XEP-0447
		"jabber:x:oob",                // XEP-0066
		"jabber:x:conference":         // XEP-0249
		return true
	}
	return encrypted(c)
}

// encrypted reports whether an element holds what is really said.
func encrypted(c *stanza.Child) bool {
	switch string(c.Space) {
	case "eu.siacs.conversations.axolotl", "urn:xmpp:omemo:1", "urn:xmpp:omemo:2", // XEP-0384
		"urn:xmpp:openpgp:0", // XEP-0373
		"jabber:x:encrypted": // XEP-0027
		return true
	}
	return false
}
