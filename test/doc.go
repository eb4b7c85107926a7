// Package test holds the tests of the whole server: transcripts of what clients
// and server say to each other, and other people's clients.
package test
