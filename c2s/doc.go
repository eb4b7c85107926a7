// Package c2s is a client's connection (RFC 6120, RFC 7395): stream opening,
// features, STARTTLS, SASL, resource binding, and after that the reading of
// stanzas. One Conn stands under all transports, which differ only in framing:
//
//   - tcp.go: RFC 6120 over TCP, with STARTTLS or direct TLS (XEP-0368)
//   - websocket.go: RFC 7395, one element per message
//   - classic.go: the framing of the drafts before RFC 7395, spoken by pages
//     written in 2012 and 2013
//
// A client logs in by SASL as RFC 6120 §6 has it (sasl.go) and then binds a
// resource (bind.go), or does all at once: SASL2 (XEP-0388, sasl2.go) with Bind 2
// (XEP-0386, bind2.go) or resumption, and a token for the next time (XEP-0484,
// fast.go). The exchange of both is login.go's.
//
// A Conn belongs to its reader goroutine, which handles one element after
// another (RFC 6120 §10.1). Before a resource is bound the reader also writes;
// afterwards all writing is the session's. Whatever the peer does wrong ends in
// a *stanza.StreamError, which is written before the stream is closed (RFC 6120
// §4.9), or in a SASL or stanza error where the stream may live on.
package c2s
