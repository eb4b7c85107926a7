// Package blocking is the Blocking Command (XEP-0191), with reports of abuse
// (XEP-0377).
//
// Done: all of XEP-0191 but for privacy lists, which this server does not have
// (its §5). Nothing passes between an account and whom it blocks, in either
// direction; to the other side it looks as if the account were offline. Reports
// are stored for the operator (`parley report list`) and passed on to nobody.
//
// # Where it takes part
//
// Hooks.FromClient and Hooks.ToAccount at StageCheck: a stanza that is refused
// there is not archived, copied or kept for later. Presence to contacts on this
// server does not go through the router; the presence module asks Between. What
// the server says itself always passes: its errors, its own address, and what an
// account's own clients have to say to each other (§5).
//
// # Choices
//
// Blocking is polite (§4): subscriptions stay. A blocked room or anything else
// that got directed presence is told that the account is gone, so that one
// leaves a room by blocking it. A message of type groupchat, headline or error
// is dropped without an error, which would make a room throw out who blocks one
// of its occupants. Who was unblocked is asked for his presence, so that clients
// need not connect again to see it. Messages that were accepted before the block
// are still delivered: their sender was told so.
//
// # Storage and memory
//
// A list is one row for each address, kept as long as the account. The lists of
// accounts with sessions are in memory, read at bind and written through; of
// others some thousands are. Reports stay until the operator removes them.
//
// # Limits
//
// Addresses of a list; reports of one account; bytes of text and messages named
// in one report, of which the rest is left out.
package blocking
