package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/storage/sqlstore"
)

// migrationLock is the advisory lock that migrations take turns by.
const migrationLock = 0x7061726c6579 // "parley"

// rollbackTimeout bounds the wait for the answer to ROLLBACK; the connection is
// dropped instead.
const rollbackTimeout = time.Second

// tx implements sqlstore.Tx. READ COMMITTED is enough: writers of one account
// wait for each other on its row.
type tx struct {
	engine *engine
	conn   *pgxpool.Conn // nil once the transaction has ended
	mark   int64         // number it leaves in the database, 0: none
	// opening is what opens the transaction, until it was sent: together with
	// the first statements, in one round trip.
	opening *pgx.Batch
}

// Begin implements sqlstore.Engine. One transaction runs at a time.
func (e *engine) Begin(ctx context.Context) (sqlstore.Tx, error) {
	var b pgx.Batch
	b.Queue(`BEGIN`)
	return e.begin(ctx, &b, e.queueMark(&b))
}

// BeginMigration implements sqlstore.Engine. The lock is let go when the
// transaction ends.
func (e *engine) BeginMigration(ctx context.Context) (sqlstore.Tx, error) {
	var b pgx.Batch
	b.Queue(`BEGIN`)
	b.Queue(`SELECT pg_advisory_xact_lock($1)`, int64(migrationLock))
	return e.begin(ctx, &b, 0)
}

// begin takes a connection for a transaction that b opens.
func (e *engine) begin(ctx context.Context, b *pgx.Batch, mark int64) (sqlstore.Tx, error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &tx{engine: e, conn: conn, mark: mark, opening: b}, nil
}

// open opens the transaction if that was not done yet.
func (t *tx) open(ctx context.Context) error {
	if t.opening == nil {
		return nil
	}
	opening := t.opening
	t.opening = nil
	return t.conn.SendBatch(ctx, opening).Close()
}

// Query implements sqlstore.Tx.
func (t *tx) Query(ctx context.Context, row func(sqlstore.Scan) error, sql string, args ...any) error {
	if err := t.open(ctx); err != nil {
		return err
	}
	rows, err := t.conn.Query(ctx, sql, args...)
	return each(rows, err, row)
}

// Exec implements sqlstore.Tx.
func (t *tx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if err := t.open(ctx); err != nil {
		return 0, err
	}
	tag, err := t.conn.Exec(ctx, sql, args...)
	return tag.RowsAffected(), err
}

// Batch implements sqlstore.Tx with one pipelined round trip.
func (t *tx) Batch(ctx context.Context, statements []sqlstore.Statement) ([]int64, error) {
	b := t.opening
	if b == nil {
		b = &pgx.Batch{}
	}
	t.opening = nil
	opening := b.Len()
	for _, s := range statements {
		b.Queue(s.SQL, s.Args...)
	}
	affected, err := execute(t.conn.SendBatch(ctx, b), b.Len())
	if err != nil {
		return nil, err
	}
	return affected[opening:], nil
}

// execute returns the rows affected by each of n statements.
func execute(results pgx.BatchResults, n int) ([]int64, error) {
	affected := make([]int64, n)
	for i := range affected {
		tag, err := results.Exec()
		if err != nil {
			_ = results.Close()
			return nil, err
		}
		affected[i] = tag.RowsAffected()
	}
	return affected, results.Close()
}

// Script implements sqlstore.Tx; the simple protocol takes several statements.
func (t *tx) Script(ctx context.Context, sql string) error {
	if err := t.open(ctx); err != nil {
		return err
	}
	_, err := t.conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	return err
}

// Commit implements sqlstore.Tx.
func (t *tx) Commit(ctx context.Context) error {
	if err := t.open(ctx); err != nil { // nothing was done
		return err
	}
	tag, err := t.conn.Exec(ctx, `COMMIT`)
	lost := t.conn.Conn().IsClosed()
	t.release()
	switch {
	case err != nil && lost:
		return t.engine.fate(ctx, t.mark, err)
	case err != nil:
		return err
	case tag.String() != "COMMIT": // the server rolled an aborted transaction back
		return fmt.Errorf("the commit was answered with %s", tag)
	}
	return nil
}

// Rollback implements sqlstore.Tx. When it cannot be said the pool drops the
// connection, which is a rollback too.
func (t *tx) Rollback(ctx context.Context) {
	if t.conn == nil {
		return
	}
	if t.opening == nil && !t.conn.Conn().IsClosed() {
		ctx, cancel := context.WithTimeout(ctx, rollbackTimeout)
		defer cancel()
		_, _ = t.conn.Exec(ctx, `ROLLBACK`)
	}
	t.release()
}

func (t *tx) release() {
	t.conn.Release()
	t.conn = nil
}
