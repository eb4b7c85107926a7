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
	stmts sync.Map // text → *sql.Stmt
}

func (r *reader) query(ctx context.Context, row func(sqlstore.Scan) error, text string, args []any) error {
	stmt, err := r.prepare(ctx, text)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	return each(rows, err, row)
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
