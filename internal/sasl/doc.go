// Package sasl holds the server side of the SASL mechanisms (RFC 4422, RFC
// 6120 §6) as state machines: bytes in, bytes out, no network and no XML.
//
// Offered for passwords, strongest first: SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS,
// SCRAM-SHA-256 (RFC 7677), SCRAM-SHA-1 (RFC 5802) and PLAIN (RFC 4616). The
// -PLUS forms bind to the TLS connection by tls-exporter (RFC 9266) or
// tls-server-end-point (RFC 5929), and SCRAM signs the lists of what was offered
// (XEP-0474). For tokens (XEP-0484): HT-SHA-256-EXPR, -ENDP and -NONE
// (draft-schmaus-kitten-sasl-ht-09); what a token is made of stands in token.go.
//
// A Server is made once; a connection asks Mechanisms what it may offer now
// and Start for an Exchange, which it feeds with decoded responses:
//
//	x, err := server.Start(ctx, "SCRAM-SHA-256", state)
//	challenge, done, err := x.Step(ctx, response) // err is a *Failure
//
// Rules kept by every mechanism: the authorization identity is empty or the
// bare JID of the authenticated account; only SCRAM keys are known, never a
// password; an unknown account gets the same messages after the same work as a
// known one with a wrong password. Counting failures per stream, address and
// account is the caller's.
package sasl
