// Package client is a light XMPP client for the fault campaign: it sends numbered
// messages with stream management on (XEP-0198), comes back by itself when its
// connection ends, resumes or else binds anew and sends again what was not
// acknowledged, and writes down what it saw. Faults tell it to cut its
// connection in the middle of a message, to leave it open and go on with another
// one, to read slowly, or to be away for a while.
//
// One goroutine lives the client's life and reads; another one, as long as a
// connection lasts, sends.
package client
