package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// code is the SQLSTATE of a server's error, empty of any other.
func code(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

// Retryable implements sqlstore.Engine.
func (e *engine) Retryable(err error) bool {
	if errors.Is(err, errRolledBack) {
		return true
	}
	switch c := code(err); {
	case c == "":
		return lost(err)
	case c == "40001", c == "40P01": // serialization failure, deadlock
		return true
	case c == "55P03", c == "53300", c == "53100": // lock not available, too many connections, disk full
		return true
	default: // 08: connection; 57P01 to 57P05: the server shuts down, starts, drops us
		return strings.HasPrefix(c, "08") || strings.HasPrefix(c, "57P")
	}
}

// lost reports whether the connection failed, or could not be made. It was not
// refused by the server: that has a code.
func lost(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded)
}

// Explain implements sqlstore.Engine.
func (e *engine) Explain(err error) error { return explain(err) }

// explain says what to do.
func explain(err error) error {
	var parse *pgconn.ParseConfigError
	var connect *pgconn.ConnectError
	switch c := code(err); {
	case errors.As(err, &parse):
		return fmt.Errorf("%w; the address should read like postgres://user@host:5432/parley (PARLEY_DATABASE_URL)", err)
	case c == "28P01", c == "28000":
		return fmt.Errorf("%w; check the user name and password in PARLEY_DATABASE_URL and the server's pg_hba.conf", err)
	case c == "3D000":
		return fmt.Errorf("%w; make the database first: createdb --encoding=UTF8 <name>", err)
	case c == "42501":
		return fmt.Errorf("%w; the database user needs the right to create and use tables (GRANT CREATE ON SCHEMA public)", err)
	case c == "53100":
		return fmt.Errorf("%w; make room on the database server's disk", err)
	case c == "53300":
		return fmt.Errorf("%w; raise max_connections of the server or lower pool_max_conns in PARLEY_DATABASE_URL", err)
	case c == "57P03":
		return fmt.Errorf("%w; the database is starting up or shutting down: try again in a moment", err)
	case c == "" && errors.As(err, &connect):
		return fmt.Errorf("%w; is PostgreSQL running, and are host and port in PARLEY_DATABASE_URL right?", err)
	}
	return err
}
