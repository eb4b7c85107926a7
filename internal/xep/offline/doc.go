// Package offline delivers stored messages: XEP-0160 version 1.0.1, with the
// delay stamp of XEP-0203 version 2.0.
//
// It owns the feature msgoffline. What is stored, dropped or refused another
// module decides (mam); it stores a message before it is delivered, marked as
// undelivered, and asks Track for the tracker that goes with it. The mark is
// taken away when the first client has acknowledged the message, so that what
// nobody has acknowledged outlives every session, and the server.
//
// # Order
//
// A session that becomes able to take messages is behind until it has been
// given everything undelivered of its account, oldest first, with the time it
// came. While it is behind no new message goes straight to it: that is held back
// and given in its place, in the order of the ids. An id is given before its
// message is stored, so a lower one may turn up late; of one sender it never
// does, and the order of one sender is what is kept. A session that is not
// available takes what is addressed to its full JID at once, and a carbon copy
// (XEP-0280) goes to one that is behind at once.
//
// A session never gets a message twice: a row under way knows who has had it,
// be it live, from storage, as a carbon copy or as a result from the archive.
// What a session without stream management was sent another one does not get
// while that one is there: only its end tells that it did not arrive. Two managed
// sessions that are behind at the same time both get what nobody has
// acknowledged yet; what one acknowledges before another has come to it is not
// brought to that. When all sessions that had a message have ended without an
// acknowledgement it goes to the others of the account, or waits.
//
// A session whose client reads the archive (module.UsesArchive) is not sent what
// the archive had before it was bound. With XEP-0386 that is no longer
// undelivered either (§4).
//
// # Limits
//
// Options.Window bounds what is on its way to a session from storage, and what is
// held back for it in memory; beyond that new messages are found in storage. How
// many messages may wait is up to who stores them.
//
// # Left out
//
// Flexible retrieval (XEP-0013).
package offline
