// Package conformance holds, for RFC 6120, 6121 and 7395, a table of what a
// server must and should do, and the tests that show that this one does.
//
// A table is a text file with a row for each rule: section, level, the rule in
// a few words of ours, and the proofs, with semicolons between them:
//
//	c2s.TestHeader              a Go test, by the folder of its package; the
//	                            folders in test go without "test/"
//	c2s.TestBind/too long       one case of it
//	transcript stream_open      a conversation in test/transcripts, which is
//	                            played over TCP and WebSocket on both databases
//	n/a: reason                 the rule does not apply here
//	otherwise: reason; test     the rule is not followed, deliberately
//
// limits.txt lists what one client may cost, with the configuration keys, and
// dangers.txt what has broken other servers, with the tests in the same words;
// "later: reason" stands for what is not built yet.
//
// A test fails when a row has no proof, or one that is not there. What only a
// whole server shows and no transcript can say is tested in this package.
package conformance
