// Package client logs users of a load generator in and hands them what they
// receive. It speaks as much XMPP as that needs: streams, SASL (PLAIN,
// SCRAM-SHA-1, SCRAM-SHA-256, tokens), resource binding, registration, stream
// management without resumption, answers to pings.
package client
