package sqlite

import (
	"context"
	"database/sql"
	"sync"

	"parley/storage/sqlstore"
)

// reader is the pool of reading connections. Its statements stay prepared;
// database/sql prepares each again on every connection that needs it.
type reader struct {
	db    *sql.DB
	turns chan struct{} // holds a token for each query that runs, no more than connections
	stmts sync.Map      // text → *sql.Stmt
}

func newReader(db *sql.DB) *reader {
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	return &reader{db: db, turns: make(chan struct{}, readers)}
}

// query can be cancelled while it waits for a connection. Once it runs it is not
// interrupted: database/sql and the driver each start a goroutine to wait for
// that, which cost more than the look-up of a row, and every query walks only a
// bounded part of an index.
func (r *reader) query(ctx context.Context, row func(sqlstore.Scan) error, text string, args []any) error {
	if err := r.wait(ctx); err != nil {
		return err
	}
	defer func() { <-r.turns }()
	ctx = context.WithoutCancel(ctx)
	stmt, err := r.prepare(ctx, text)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	return each(rows, err, row)
}

func (r *reader) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case r.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *reader) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := r.stmts.Load(text); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := r.db.PrepareContext(ctx, translate(text))
	if err != nil {
		return nil, err
	}
	if other, loaded := r.stmts.LoadOrStore(text, stmt); loaded {
		_ = stmt.Close()
		return other.(*sql.Stmt), nil
	}
	return stmt, nil
}

func (r *reader) close() error {
	r.stmts.Range(func(_, stmt any) bool {
		_ = stmt.(*sql.Stmt).Close()
		return true
	})
	return r.db.Close()
}

// each hands every row to row and closes rows.
func each(rows *sql.Rows, err error, row func(sqlstore.Scan) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
