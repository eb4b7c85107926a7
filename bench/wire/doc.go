// Package wire is a load generator's side of an XMPP connection: WebSocket
// (RFC 7395 over RFC 6455) or TCP (RFC 6120 §4), cut into elements by looking
// for bytes.
//
// It is made to cost much less than the server it loads: no XML parser, no
// goroutine, no timer and no garbage per element. So it checks only what it
// needs: a generator that knows what it will receive recognises anything else
// as a failure of the server.
package wire
