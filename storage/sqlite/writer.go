package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"parley/storage/sqlstore"
)

// writer is the one connection that writes, with its prepared statements.
type writer struct {
	turn  chan struct{} // holds a token while a transaction runs
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // by the text as written; owned by whoever has the turn
}

func newWriter(conn *sql.Conn) *writer {
	return &writer{turn: make(chan struct{}, 1), conn: conn, stmts: map[string]*sql.Stmt{}}
}

// begin waits for the turn and takes the file's write lock at once (IMMEDIATE):
// a transaction that reads first and writes then could otherwise fail in the
// middle, when another process wrote in between.
func (w *writer) begin(ctx context.Context) (*tx, error) {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if _, err := w.exec(`BEGIN IMMEDIATE`, nil); err != nil {
		<-w.turn
		return nil, err
	}
	return &tx{w: w}, nil
}

func (w *writer) exec(text string, args []any) (int64, error) {
	stmt, err := w.prepare(text)
	if err != nil {
		return 0, err
	}
	res, err := stmt.Exec(args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (w *writer) prepare(text string) (*sql.Stmt, error) {
	if stmt := w.stmts[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(context.Background(), translate(text))
	if err == nil {
		w.stmts[text] = stmt
	}
	return stmt, err
}

func (w *writer) close() error {
	w.turn <- struct{}{} // never given back: nothing begins any more
	for _, stmt := range w.stmts {
		_ = stmt.Close()
	}
	return w.conn.Close()
}

// translate drops what only Postgres needs: the single writer is the row lock,
// and byte order the default collation.
func translate(text string) string {
	text = strings.ReplaceAll(text, ` FOR UPDATE`, ``)
	return strings.ReplaceAll(text, ` COLLATE "C"`, ``)
}

// tx implements sqlstore.Tx. Its statements touch only the local file and take
// no context: interrupting one would roll the transaction back halfway.
type tx struct {
	w     *writer
	ended bool
}

// Query implements sqlstore.Tx.
func (t *tx) Query(ctx context.Context, row func(sqlstore.Scan) error, text string, args ...any) error {
	stmt, err := t.w.prepare(text)
	if err != nil {
		return err
	}
	rows, err := stmt.Query(args...)
	return each(rows, err, row)
}

// Exec implements sqlstore.Tx.
func (t *tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return t.w.exec(text, args)
}

// Batch implements sqlstore.Tx: there is no round trip to save.
func (t *tx) Batch(ctx context.Context, statements []sqlstore.Statement) ([]int64, error) {
	affected := make([]int64, len(statements))
	for i, s := range statements {
		var err error
		if s.Rows > 0 {
			affected[i], err = t.each(ctx, s)
		} else {
			affected[i], err = t.Exec(ctx, s.SQL, s.Args...)
		}
		if err != nil {
			return nil, err
		}
	}
	return affected, nil
}

// each runs a statement for each of its rows.
func (t *tx) each(ctx context.Context, s sqlstore.Statement) (affected int64, err error) {
	row := make([]any, len(s.Args))
	for i := range s.Rows {
		for c, column := range s.Args {
			row[c] = value(column, i)
		}
		n, err := t.Exec(ctx, s.SQL, row...)
		if err != nil {
			return 0, err
		}
		affected += n
	}
	return affected, nil
}

// value is the ith of a column.
func value(column any, i int) any {
	switch c := column.(type) {
	case []string:
		return c[i]
	case []int64:
		return c[i]
	case []bool:
		return c[i]
	case [][]byte:
		return c[i]
	}
	return column // the driver says what it thinks of it
}

// Script implements sqlstore.Tx.
func (t *tx) Script(ctx context.Context, text string) error {
	_, err := t.w.conn.ExecContext(context.WithoutCancel(ctx), translate(text))
	return err
}

// Commit implements sqlstore.Tx.
func (t *tx) Commit(context.Context) error {
	if _, err := t.w.exec(`COMMIT`, nil); err != nil {
		return err // Rollback gives the turn back
	}
	t.end()
	return nil
}

// Rollback implements sqlstore.Tx.
func (t *tx) Rollback(context.Context) {
	if t.ended {
		return
	}
	// It fails when SQLite has rolled back by itself, as after a full disk.
	_, _ = t.w.exec(`ROLLBACK`, nil)
	t.end()
}

func (t *tx) end() {
	t.ended = true
	<-t.w.turn
}
