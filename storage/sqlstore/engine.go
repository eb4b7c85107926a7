package sqlstore

import "context"

// Scan copies the current row into dest, as in database/sql.
type Scan func(dest ...any) error

// Queryer reads rows. It calls row once for each of them and stops at its
// first error.
type Queryer interface {
	Query(ctx context.Context, row func(Scan) error, sql string, args ...any) error
}

// Statement is one SQL statement with its arguments. With Rows it is for many
// rows (Engine.Table): each argument is a column, a slice of so many values.
type Statement struct {
	SQL  string
	Args []any
	Rows int
}

// Column of a table of values, with its type in Postgres' words.
type Column struct{ Name, Type string }

// Tx is a write transaction. It is used by one goroutine and ends with Commit
// or Rollback.
type Tx interface {
	Queryer
	// Exec returns the number of rows affected.
	Exec(ctx context.Context, sql string, args ...any) (int64, error)
	// Batch runs statements in order, in one round trip where the engine can,
	// and returns the rows affected by each. The first error ends it and spoils
	// the transaction.
	Batch(ctx context.Context, statements []Statement) ([]int64, error)
	// Script runs several statements without arguments.
	Script(ctx context.Context, sql string) error
	// Commit returns nil only when the transaction is committed and synced, and
	// an error that is Retryable only when it surely is not: nothing is ever
	// written twice.
	Commit(ctx context.Context) error
	// Rollback may be called after Commit, when it does nothing.
	Rollback(ctx context.Context)
}

// Engine is a database. Its own Query reads outside of any transaction, what is
// committed.
type Engine interface {
	Queryer
	// Dialect names the engine's migration variants: "postgres" or "sqlite".
	Dialect() string
	// Table is the text of a table named r, to stand after FROM, that holds the
	// rows of a Statement. It is empty if the engine runs the statement for each
	// row instead, with the row's values as its arguments.
	Table(columns []Column) string
	Begin(ctx context.Context) (Tx, error)
	// BeginMigration begins a transaction that no other migration, of any
	// process, can overlap.
	BeginMigration(ctx context.Context) (Tx, error)
	HasTable(ctx context.Context, name string) (bool, error)
	// Retryable reports whether err may go away by itself: connection lost,
	// serialization failure, database busy.
	Retryable(err error) bool
	// Explain adds advice to an error that ended all attempts to reach the
	// database; other errors come back as they are.
	Explain(err error) error
	Close() error
}
