// Package sqlstore is the server's storage: every SQL statement stands here,
// once, in the common subset of Postgres and SQLite. What differs between the
// two hides behind Engine, which storage/postgres and storage/sqlite fulfil.
//
// # Writing
//
// Every write goes through one committer (committer.go). It takes all writes
// that wait as one transaction as soon as the last transaction has finished:
// alone a write costs one commit, under load the batch grows. A write's handle
// completes when that transaction is committed and synced.
//
// A write is a function, which reads and decides, or statements that are known
// beforehand. Neighbours of the second kind are made together, one statement for
// all messages that are appended, one for all that are settled (round.go,
// bulk.go); an engine that pipelines sends them at once.
//
// The account row is the lock of everything an account owns, the roster version
// is a column of it: a transaction takes the row first and the rest after it,
// accounts in the order of their JIDs, so several nodes on one database do not
// deadlock. Messages are the exception: to append one locks nothing.
//
// # Dialect
//
// Statements use $1 placeholders, ON CONFLICT and RETURNING, times as BIGINT
// microseconds since 1970, no driver types. Two clauses only Postgres needs,
// FOR UPDATE and COLLATE "C", are written for it and dropped by the SQLite
// engine, where the single writer and the default collation mean the same.
package sqlstore
