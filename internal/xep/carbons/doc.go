// Package carbons copies a conversation to all clients of an account that want
// it: Message Carbons (XEP-0280 version 1.0.1), with all the rules of §6.1.
//
// It owns the namespace urn:xmpp:carbons:2 at accounts. A client enables carbons
// by an IQ (§4), or while it binds (XEP-0386); they last as long as its session,
// also when that is resumed after a restart of the server.
//
// What a client sends is copied in StageCopy of MessageFromClient, when the
// archive has given the message its id, which the copy has too. What an account
// receives is copied in MessageCopy, to the sessions that are not among the
// receivers. A message that waits, because there are none, is copied to nobody:
// it reaches each session as it is. A message to oneself is not copied as sent,
// since all other clients receive it.
//
// An error is copied if it answers a message that was to be copied. The last ids
// of those are remembered with the session that has sent or received them
// (answered.go).
//
// A copy has no tracker. Under stream management it comes again when the stream is
// resumed; when its session ends nobody is told (§10.3) and nobody else gets it:
// the message itself is stored. Who was sent a copy of a message counts as having
// it (module.StoredTracker).
//
// Copies that others made up, in <sent/> or <received/>, are stripped from what
// clients send and from what comes from elsewhere. <private/> is left in place:
// since version 0.14 the text holds its removal for a risk (§9).
//
// # Left out
//
// <delay/> in <forwarded/> (XEP-0297 §3.2): a copy is sent at once, and no example
// of XEP-0280 has it.
package carbons
