// Package sqlite is the storage engine for a single node: one file, no server
// to run. It uses the pure Go port modernc.org/sqlite.
//
// The file is in WAL mode with synchronous=FULL: a commit is on the disk when
// it returns. One connection writes, a few read beside it. Another process (the
// command line beside a running server) may open the same file at the same
// time: writers wait for each other up to busyTimeout.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	codes "modernc.org/sqlite/lib"

	"parley/storage/sqlstore"
)

const (
	// busyTimeout is how long a statement waits for another process's lock.
	busyTimeout = 5 * time.Second
	busyPause   = 10 * time.Millisecond
	// readers is the number of reading connections.
	readers = 4
)

// Options may be left zero.
type Options = sqlstore.Options

// Open opens the database file at path and makes it, and its folder, if they do
// not exist. It does not migrate.
func Open(ctx context.Context, path string, opts Options) (*sqlstore.Store, error) {
	e, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: database %s: %w", path, explain(err))
	}
	return sqlstore.New(e, opts), nil
}

// engine implements sqlstore.Engine.
type engine struct {
	path   string
	db     *sql.DB // the writer's
	writer *writer
	reader *reader
}

func open(ctx context.Context, path string) (*engine, error) {
	if err := create(path); err != nil {
		return nil, err
	}
	e := &engine{path: path}
	// The writer comes first: it puts the file into WAL mode.
	if err := e.openWriter(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if err := e.openReader(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// create makes the file with the mode it shall have; the files SQLite puts
// beside it take over that mode.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (e *engine) openWriter(ctx context.Context) error {
	db, err := sql.Open("sqlite", dsn(e.path, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)",
		"journal_size_limit(67108864)"))
	if err != nil {
		return err
	}
	e.db = db
	conn, err := connect(ctx, db)
	if err != nil {
		return err
	}
	e.writer = newWriter(conn)
	return nil
}

// connect makes the first connection. Putting a new file into WAL mode does not
// wait for a lock as other statements do, so while another program does the
// same, this one tries again.
func connect(ctx context.Context, db *sql.DB) (*sql.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	for {
		conn, err := db.Conn(ctx)
		if code(err) != codes.SQLITE_BUSY {
			return conn, err
		}
		select {
		case <-time.After(busyPause):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (e *engine) openReader() error {
	db, err := sql.Open("sqlite", dsn(e.path, "query_only(ON)"))
	if err != nil {
		return err
	}
	e.reader = newReader(db)
	return nil
}

// dsn names the file as a URI, so that no character of the path is special.
func dsn(path string, pragmas ...string) string {
	q := url.Values{"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())}, pragmas...)}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}
	return u.String()
}

// Dialect implements sqlstore.Engine.
func (e *engine) Dialect() string { return "sqlite" }

// Table implements sqlstore.Engine: there is no round trip to save.
func (e *engine) Table([]sqlstore.Column) string { return "" }

// Query implements sqlstore.Engine on a reading connection.
func (e *engine) Query(ctx context.Context, row func(sqlstore.Scan) error, query string, args ...any) error {
	return e.reader.query(ctx, row, query, args)
}

// HasTable implements sqlstore.Engine.
func (e *engine) HasTable(ctx context.Context, name string) (found bool, err error) {
	err = e.Query(ctx, func(scan sqlstore.Scan) error { return scan(&found) },
		`SELECT TRUE FROM sqlite_master WHERE type = 'table' AND name = $1`, name)
	return found, err
}

// Begin implements sqlstore.Engine. The transaction holds the file's write lock
// from the start.
func (e *engine) Begin(ctx context.Context) (sqlstore.Tx, error) { return e.writer.begin(ctx) }

// BeginMigration implements sqlstore.Engine: there is one writer at a time
// anyway, in all processes.
func (e *engine) BeginMigration(ctx context.Context) (sqlstore.Tx, error) { return e.writer.begin(ctx) }

// Close implements sqlstore.Engine. The writer closes last and thereby moves
// the write-ahead log into the file.
func (e *engine) Close() error {
	var errs []error
	if e.reader != nil {
		errs = append(errs, e.reader.close())
	}
	if e.writer != nil {
		errs = append(errs, e.writer.close())
	}
	if e.db != nil {
		errs = append(errs, e.db.Close())
	}
	return errors.Join(errs...)
}
