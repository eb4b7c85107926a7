// Package mam keeps the messages of accounts and lets their owners read them:
// Message Archive Management (XEP-0313 version 1.1.3) with its preferences
// (XEP-0441 version 0.2.0), stanza-ids and origin-ids (XEP-0359 version 0.7.0),
// hints (XEP-0334 version 1.0.0) and tombstones of retracted messages (XEP-0424
// version 0.4.2).
//
// It owns the namespace urn:xmpp:mam:2 at accounts.
//
// # Storing
//
// Every message that says something is stored before it is delivered, once for
// its sender and once for its recipient, under one id that is the stanza-id of
// both. judge says what is worth a place in the archive, what is only kept until
// it was delivered, and what is never stored. StageArchive of MessageFromClient
// has the sender's side, StageArchive of MessageArchive the recipient's: the
// router has decided by then that the message reaches the account. The
// recipient's row waits for delivery until a client has acknowledged it; that is
// the business of Deliveries. What the preferences keep out of the archive waits
// all the same, and is gone when it has arrived. The payload of a row is the
// message as it came; who sends it from storage adds the stanza-id of the row.
//
// # Messages sent again
//
// A client that does not know whether a message arrived sends it again, with the
// same origin-id. Such a repetition is neither stored nor delivered a second
// time: it counts as handled when the first one is stored. The last origin-ids of
// an account are remembered, and read from its archive after a start. One whose
// first attempt was answered with an error is no repetition. After a start a
// message to another domain is sent again, since nobody knows how far it came.
//
// # Reading
//
// A query is answered in pages bounded in number and bytes, and nothing is kept
// between two pages. It waits for the writes that came before it, since clients
// are sent messages before these are on the disk, and is refused while a page
// before it is unread. Groupchat is not stored; rooms have archives of their own.
//
// # Retention
//
// Rows older than archive.retention are removed in small steps. What still waits
// for delivery stays.
package mam
