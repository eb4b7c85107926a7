// Package postgres is the storage engine on PostgreSQL 13 and later, for one
// node or many. It speaks the native protocol through a pgx pool: statements
// are prepared once per connection and batches are pipelined.
//
// Each connection sets synchronous_commit=on itself, whatever the server's
// default: a commit is on the disk when it returns.
package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/storage/sqlstore"
)

// Options may be left zero.
type Options = sqlstore.Options

// Open connects to the database that url names ("postgres://user@host/name" or
// "host=… dbname=…"; what it leaves out comes from the usual PG… variables). It
// does not migrate.
func Open(ctx context.Context, url string, opts Options) (*sqlstore.Store, error) {
	e, err := open(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("postgres: open: %w", explain(err))
	}
	return sqlstore.New(e, opts), nil
}

func open(ctx context.Context, url string) (*engine, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	set(cfg.ConnConfig.RuntimeParams)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return &engine{pool: pool, node: rand.Text()}, nil
}

// set says what every connection is to be like, whatever the server's default.
func set(params map[string]string) {
	params["synchronous_commit"] = "on"
	params["idle_in_transaction_session_timeout"] = idleTimeout
	// Everything is found by an index, a few rows at a time. What the planner
	// knows of a table may be of when it was empty, and to read all of it for
	// every batch would be slow from then on.
	params["enable_seqscan"], params["enable_bitmapscan"] = "off", "off"
	params["random_page_cost"] = "1.1"
	params["plan_cache_mode"] = "force_generic_plan"
	params["jit"] = "off" // compiling takes longer than any of our statements
	if params["application_name"] == "" {
		params["application_name"] = "parley"
	}
}

// engine implements sqlstore.Engine.
type engine struct {
	pool    *pgxpool.Pool
	node    string // names this engine among all that ever used the database
	batches int64  // owned by the one who writes: transactions begun
}

// Dialect implements sqlstore.Engine.
func (e *engine) Dialect() string { return "postgres" }

// Table implements sqlstore.Engine: one array to each column.
func (e *engine) Table(columns []sqlstore.Column) string {
	var arrays, names []string
	for i, c := range columns {
		arrays = append(arrays, fmt.Sprintf("$%d::%s[]", i+1, c.Type))
		names = append(names, c.Name)
	}
	return "unnest(" + strings.Join(arrays, ", ") + ") AS r (" + strings.Join(names, ", ") + ")"
}

// readAttempts is how many connections of the pool a read may find broken.
const readAttempts = 4

// Query implements sqlstore.Engine. After the server was restarted the pool
// still holds connections of before; a read that meets one, and has delivered
// nothing, takes the next.
func (e *engine) Query(ctx context.Context, row func(sqlstore.Scan) error, sql string, args ...any) (err error) {
	delivered := false
	for range readAttempts {
		rows, failed := e.pool.Query(ctx, sql, args...)
		err = each(rows, failed, func(scan sqlstore.Scan) error {
			delivered = true
			return row(scan)
		})
		if err == nil || delivered || ctx.Err() != nil || !e.Retryable(err) {
			return err
		}
	}
	return err
}

// each hands every row to row and closes rows.
func each(rows pgx.Rows, err error, row func(sqlstore.Scan) error) error {
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

// HasTable implements sqlstore.Engine.
func (e *engine) HasTable(ctx context.Context, name string) (found bool, err error) {
	err = e.Query(ctx, func(scan sqlstore.Scan) error { return scan(&found) },
		`SELECT TRUE FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1`, name)
	return found, err
}

// Close implements sqlstore.Engine.
func (e *engine) Close() error {
	e.removeMark()
	e.pool.Close()
	return nil
}
