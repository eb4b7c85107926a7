// Package muc is the chat rooms: Multi-User Chat (XEP-0045 version 1.35.5) with
// self-pings (XEP-0410), occupant-ids (XEP-0421), the archive of each room
// (XEP-0313), retraction and moderation with tombstones (XEP-0424, XEP-0425),
// avatars (XEP-0486), slow mode (XEP-0500), hats (XEP-0317) and the search for
// rooms (XEP-0433).
//
// It owns a domain of its own, conference.DOMAIN, and everything sent there.
//
// # A room
//
// A Room is a value with a lock, under which it decides. What it has to say it
// puts in its outbox, in that order, with a snapshot of who is to hear it. Who
// unlocks it delivers what is in the outbox, unless somebody does so already: so
// all occupants see everything in the same order, and the lock is held over no
// fan-out. A stanza for many is encoded once, at most twice: for those who see
// real addresses and for those who do not.
//
// Changes that outlive the visit (configuration, affiliations) take the room's
// turn, a semaphore: they are written, and told when they are stored.
//
// # What is stored
//
// Rooms, temporary ones too, with configuration, affiliations, subject and vCard,
// and the messages. A message counts as handled when it is in the archive. After
// a crash all of that is there; the occupants are not, and enter again. A
// temporary room that nobody has come back to goes after a while.
//
// # What is left out
//
// Groupchat 1.0; approval of single messages; the deprecated fully anonymous
// rooms; muc#roomconfig_pubsub and the logs' address are only told.
package muc

// The namespaces of XEP-0045.
const (
	NS      = "http://jabber.org/protocol/muc"
	NSUser  = NS + "#user"
	NSAdmin = NS + "#admin"
	NSOwner = NS + "#owner"

	nsStableID = NS + "#stable_id"
	nsSelfPing = NS + "#self-ping-optimization" // XEP-0410
	nsUnique   = NS + "#unique"
	nsRooms    = NS + "#rooms"

	nsOccupantID = "urn:xmpp:occupant-id:0"      // XEP-0421
	nsStanzaID   = "urn:xmpp:sid:0"              // XEP-0359
	nsModerate   = "urn:xmpp:message-moderate:1" // XEP-0425
	nsRetract    = "urn:xmpp:message-retract:1"  // XEP-0424
	nsTombstone  = nsRetract + "#tombstone"      // XEP-0424
	nsMAM        = "urn:xmpp:mam:2"              // XEP-0313
	nsHats       = "urn:xmpp:hats:0"             // XEP-0317
	nsDelay      = "urn:xmpp:delay"              // XEP-0203
	nsOldDelay   = "jabber:x:delay"              // XEP-0091
	nsData       = "jabber:x:data"               // XEP-0004
	nsRegister   = "jabber:iq:register"          // XEP-0077
	nsPing       = "urn:xmpp:ping"               // XEP-0199
	nsVCard      = "vcard-temp"                  // XEP-0054
	nsInfo       = "http://jabber.org/protocol/disco#info"
	nsItems      = "http://jabber.org/protocol/disco#items"
	nsRSM        = "http://jabber.org/protocol/rsm"     // XEP-0059
	nsAddress    = "http://jabber.org/protocol/address" // XEP-0033
)
