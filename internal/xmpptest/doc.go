// Package xmpptest runs a whole server for tests and speaks to it like a
// client: over WebSocket (RFC 7395) and over TCP (RFC 6120), through real
// sockets.
//
// Start gives a server with a database of its own; Dial a client that is bound;
// Open a bare stream for tests of what comes before. A transcript is a
// conversation in a txtar file that is played against the server; see Run.
//
// Nothing here waits by sleeping. That something does not come is proved by a
// round trip: what the server does with a stanza is done, and queued for
// others, before it answers the next request of the same client.
package xmpptest
