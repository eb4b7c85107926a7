// Package client logs users of a load generator in and hands them what they
// receive. It speaks as much XMPP as that needs: streams, SASL (PLAIN,
// SCRAM-SHA-1, SCRAM-SHA-256), resource binding, answers to pings.
package client
