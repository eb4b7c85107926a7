// Package storage holds what the server keeps: the row types, the errors every
// database answers with, and Pending, the handle of a write on its way to the
// disk.
//
// It contains no SQL and imports nothing of ours. All SQL is written once, in
// storage/sqlstore, in the common subset of Postgres and SQLite; the engines
// storage/postgres and storage/sqlite only run it. Consumers (the roster, the
// offline module, the SASL layer …) declare the two or three methods they need
// as an interface of their own; *sqlstore.Store satisfies them.
//
// JIDs are plain strings here: bare and prepared ("alice@localhost") unless a
// field says otherwise. Nothing in this package prepares or checks them.
package storage
