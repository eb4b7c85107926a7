// Package websocket tests RFC 6455 and RFC 7395 on a whole server, frame by
// frame: the cases of the Autobahn test suite, groups 1 to 7, 9 and 10, the
// handshake, the Origin, and the codes that a WebSocket is closed with. The
// echo that the suite needs is a message to oneself.
package websocket
