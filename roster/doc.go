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
// The changes of one account happen one after another: an account is locked
// over the storage transaction and the roster pushes, which only queue, so the
// pushes leave in the order of their versions. (The lock respects a context
// and is the one lock in the server held over a storage call.) What has to go
// to contacts is put in the account's outbox under that lock and sent after
// it, in order, by one goroutine at a time. No two accounts are locked at
// once, and still the two sides of a subscription see each other's changes in
// the order in which they were made.
//
// # Cache
//
// While an account has sessions, addresses and states of its contacts are kept
// in memory, written through, for the presence module. Names and groups are
// not: only a roster get needs them, and those are kept, encoded, in a cache
// of bounded size.
//
// # Left out
//
// Shared rosters; item exchange (XEP-0144). A server that is killed between
// the two halves of a subscription change leaves them different; they are made
// the same when either side comes online: outstanding requests are sent
// again, and a probe that is refused ends the subscription (RFC 6121 §4.3.2).
package roster
