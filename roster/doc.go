// Package roster is contact lists and presence subscriptions: RFC 6121 §2 and
// §3, with roster versioning (§2.6) and pre-approval (§3.4).
//
// It owns the namespace jabber:iq:roster and the presence types subscribe,
// subscribed, unsubscribe and unsubscribed. What a subscription stanza does is
// decided by one table, that of Appendix A (table.go); everything else here
// carries the decision out.
//
// # Order
//
// Two locks keep things in order; both respect a context, and they are the
// only ones in the server that are held over storage calls.
//
//  1. A pair of accounts is locked over a subscription change of either side
//     and all that follows from it: what the contact is sent and, if it is an
//     account of ours too, its own change and answer. So the stanzas of two
//     users about each other never cross, and their rosters stay compatible.
//     The context given to the router says that the pair is locked.
//  2. Inside it, or alone, an account is locked over one change of its roster
//     and the pushes, which only queue: they leave in the order of their
//     versions.
//
// # Cache
//
// While an account has sessions, addresses and states of its contacts are kept
// in memory, written through, for the presence module. Names and groups are
// not: only a roster get needs them, and it has a cache of encoded rosters of
// bounded size.
//
// # Left out
//
// Shared rosters; item exchange (XEP-0144). A server that is killed between
// the two halves of a subscription change leaves them different; they are made
// the same when either side comes online: outstanding requests are sent
// again, and who thinks that he is subscribed and is not learns it (Repair).
package roster
